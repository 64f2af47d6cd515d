ALTER TABLE cases
  ADD CONSTRAINT cases_known_priority CHECK (priority IN ('low', 'medium', 'high'));
