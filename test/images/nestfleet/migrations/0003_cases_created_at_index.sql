CREATE INDEX CONCURRENTLY IF NOT EXISTS cases_created_at ON cases (created_at DESC);
