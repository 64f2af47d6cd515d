-- Not used since 1.5.0.
ALTER TABLE cases DROP COLUMN channel;
