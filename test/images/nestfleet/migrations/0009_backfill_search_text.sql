-- no-transaction
-- Forty short transactions over one range of pages each, so that no reader or writer waits for
-- the twenty seconds.
ALTER TABLE cases ADD COLUMN IF NOT EXISTS search_text text;

DO $$
DECLARE
  batches CONSTANT bigint := 40;
  pages CONSTANT bigint := pg_relation_size('cases') / current_setting('block_size')::bigint;
BEGIN
  FOR batch IN 1..batches LOOP
    UPDATE cases SET search_text = lower(title)
      WHERE ctid >= format('(%s,0)', pages * (batch - 1) / batches)::tid
        AND ctid < format('(%s,0)', pages * batch / batches)::tid
        AND search_text IS NULL;
    COMMIT;
    RAISE NOTICE 'search_text: batch % of %', batch, batches;
    PERFORM pg_sleep(0.5);
  END LOOP;
END
$$;

-- What was written meanwhile.
UPDATE cases SET search_text = lower(title) WHERE search_text IS NULL;
