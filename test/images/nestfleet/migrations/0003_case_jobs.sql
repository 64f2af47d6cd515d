CREATE TABLE processed_jobs (
  job_id uuid PRIMARY KEY,
  case_id uuid NOT NULL REFERENCES cases (id),
  processed_at timestamptz NOT NULL DEFAULT now()
);

-- A job that came again after it had been done. Exactly-once means that this table is empty.
CREATE TABLE duplicate_jobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id uuid NOT NULL,
  case_id uuid NOT NULL,
  seen_by text NOT NULL,
  seen_at timestamptz NOT NULL DEFAULT now()
);
