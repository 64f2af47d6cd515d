CREATE TABLE cases (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  title text NOT NULL,
  channel text NOT NULL DEFAULT 'web',
  priority text NOT NULL,
  embedding vector(3),
  created_at timestamptz NOT NULL DEFAULT now(),
  processed_at timestamptz,
  processed_by text,
  processed_count integer NOT NULL DEFAULT 0
);
