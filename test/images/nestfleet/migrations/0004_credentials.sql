-- Sealed with SECRET_ENCRYPTION_KEY: what a restore with the wrong key cannot open.
CREATE TABLE credentials (
  name text PRIMARY KEY,
  sealed bytea NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
