ALTER TABLE cases ADD COLUMN assignee text NOT NULL DEFAULT 'unassigned';
