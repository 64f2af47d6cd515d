-- An object of every kind that a database can have and that a restore can lose.

-- Roles: a group, its members, one with the admin option, one that owns objects, one with odd characters.
CREATE ROLE readers NOLOGIN;
CREATE ROLE reports LOGIN PASSWORD 'reports-LEAKED' CONNECTION LIMIT 5 VALID UNTIL '2099-01-01' IN ROLE readers;
CREATE ROLE "odd ""role's" NOLOGIN NOINHERIT BYPASSRLS;
CREATE ROLE app_owner NOLOGIN CREATEROLE;
CREATE ROLE auditor LOGIN IN ROLE pg_read_all_data;
GRANT readers TO app_owner WITH ADMIN OPTION;
GRANT app_owner TO "odd ""role's";
COMMENT ON ROLE reports IS 'Metabase';
ALTER ROLE reports SET work_mem = '8MB';
ALTER ROLE auditor SET search_path = "$user", 'odd schema', pg_catalog;

-- The database itself.
COMMENT ON DATABASE nestfleet IS 'it''s the "live" one';
REVOKE CONNECT, TEMPORARY ON DATABASE nestfleet FROM PUBLIC;
GRANT CONNECT ON DATABASE nestfleet TO readers;
GRANT CONNECT, TEMPORARY ON DATABASE nestfleet TO app_owner WITH GRANT OPTION;
SET SESSION AUTHORIZATION app_owner;
GRANT TEMPORARY ON DATABASE nestfleet TO reports;
RESET SESSION AUTHORIZATION;
ALTER DATABASE nestfleet CONNECTION LIMIT 90;
ALTER DATABASE nestfleet SET search_path = app, "$user", public, extensions;
ALTER DATABASE nestfleet SET TimeZone = 'Pacific/Chatham';
ALTER DATABASE nestfleet SET my_app.greeting = 'it''s "here", a=b';
ALTER DATABASE nestfleet SET session_preload_libraries = 'auto_explain';
ALTER ROLE reports IN DATABASE nestfleet SET statement_timeout = '5s';
ALTER ROLE reports IN DATABASE nestfleet SET search_path = '';
ALTER ROLE nestfleet IN DATABASE nestfleet SET pg_trgm.similarity_threshold = 0.7;

-- Limits for the application, which would end a dump, a count, a lock or the build of an index.
ALTER ROLE nestfleet SET statement_timeout = '150ms';
ALTER ROLE nestfleet SET lock_timeout = '150ms';
ALTER ROLE nestfleet SET idle_in_transaction_session_timeout = '150ms';
ALTER ROLE nestfleet SET maintenance_work_mem = '1MB';
ALTER ROLE nestfleet SET work_mem = '64kB';
ALTER DATABASE nestfleet SET transaction_timeout = '300ms';
ALTER DATABASE nestfleet SET idle_session_timeout = '300ms';
ALTER DATABASE nestfleet SET temp_file_limit = '64kB';
ALTER DATABASE nestfleet SET vacuum_cost_delay = '100ms';
ALTER DATABASE nestfleet SET default_transaction_read_only = on;
SET default_transaction_read_only = off;
SET statement_timeout = 0;

-- Schemas and extensions in places of their own.
CREATE SCHEMA app AUTHORIZATION app_owner;
CREATE SCHEMA extensions;
CREATE SCHEMA "odd schema" AUTHORIZATION "odd ""role's";
CREATE SCHEMA bi AUTHORIZATION reports;
COMMENT ON SCHEMA bi IS 'of the reports';
GRANT USAGE ON SCHEMA app, extensions TO readers, "odd ""role's";
GRANT CREATE ON SCHEMA public TO app_owner;
CREATE EXTENSION vector SCHEMA extensions;
CREATE EXTENSION hstore SCHEMA extensions;
CREATE EXTENSION citext SCHEMA "odd schema";
CREATE EXTENSION ltree SCHEMA extensions;
CREATE EXTENSION pg_trgm SCHEMA extensions;
CREATE EXTENSION btree_gist SCHEMA extensions;
CREATE EXTENSION unaccent SCHEMA extensions;
CREATE EXTENSION postgres_fdw SCHEMA extensions;
COMMENT ON EXTENSION ltree IS 'paths of topics';
REVOKE EXECUTE ON FUNCTION extensions.similarity(text, text) FROM PUBLIC;
SET search_path = app, public, extensions, "odd schema";

-- The tables that the program expects of the application.
CREATE TABLE app.nestfleet_migrations (filename text PRIMARY KEY, applied timestamptz DEFAULT now());
INSERT INTO app.nestfleet_migrations (filename) VALUES ('0001_first.sql'), ('0002_second.sql');

-- Types.
CREATE COLLATION app.german (provider = icu, locale = 'de-DE-u-co-phonebk');
CREATE COLLATION app.whatever_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN app.mail AS "odd schema".citext CONSTRAINT has_at CHECK (VALUE ~ '@');
CREATE TYPE app.mood AS ENUM ('calm', 'angry');
ALTER TYPE app.mood ADD VALUE 'tired' BEFORE 'angry';
CREATE TYPE app.address AS (street text, number int);
CREATE TYPE app.span AS RANGE (subtype = float8, multirange_type_name = app.spans);
ALTER DOMAIN app.mail OWNER TO app_owner;
GRANT USAGE ON TYPE app.mood TO readers;
REVOKE USAGE ON TYPE app.address FROM PUBLIC;

-- Functions, whose EXECUTE privilege and owner matter.
CREATE FUNCTION app.plain(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower(t)';
CREATE FUNCTION app.secret_count() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = app AS
  
  'SELECT count(*) FROM pg_catalog.pg_class';
ALTER FUNCTION app.secret_count() OWNER TO "odd ""role's";
REVOKE EXECUTE ON FUNCTION app.secret_count() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.secret_count() TO reports WITH GRANT OPTION;
CREATE PROCEDURE app.nothing() LANGUAGE sql BEGIN ATOMIC SELECT 1; END;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.seen := now(); RETURN NEW; END $$;
CREATE AGGREGATE app.longest(text) (sfunc = textcat, stype = text, initcond = '');
CREATE OPERATOR app.=== (leftarg = text, rightarg = text, function = texteq, commutator = OPERATOR(app.===));
CREATE FUNCTION app.mood_number(app.mood) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT length($1::text) $$;
CREATE CAST (app.mood AS int) WITH FUNCTION app.mood_number(app.mood) AS ASSIGNMENT;
CREATE TEXT SEARCH DICTIONARY app.simple_words (template = simple, stopwords = 'english');
CREATE TEXT SEARCH CONFIGURATION app.words (copy = simple);
ALTER TEXT SEARCH CONFIGURATION app.words ALTER MAPPING FOR asciiword WITH app.simple_words;
CREATE CONVERSION app.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;

-- Tables: columns of every kind, owners, grants on columns, storage, rules, triggers, policies.
CREATE TABLE app.people (
  id int GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 7) PRIMARY KEY,
  mail app.mail UNIQUE,
  name text COLLATE app.german,
  nick text COLLATE app.whatever_case,
  mood app.mood DEFAULT 'calm',
  home app.address,
  tags extensions.hstore,
  topic extensions.ltree,
  data jsonb,
  seen timestamptz,
  initials text GENERATED ALWAYS AS (left(name, 1)) STORED,
  during tstzrange,
  CONSTRAINT no_overlap EXCLUDE USING gist (mood WITH =, during WITH &&)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01, toast.autovacuum_enabled = off);
ALTER TABLE app.people DROP CONSTRAINT no_overlap, ADD CONSTRAINT no_overlap EXCLUDE USING gist (id WITH =, during WITH &&);
INSERT INTO app.people (mail, name, nick, mood, home, tags, topic, data, during)
  SELECT 'Person' || n || '@example.org', 'Müller ' || n, 'Nick' || n, (ARRAY['calm', 'tired', 'angry'])[1 + n % 3]::app.mood,
         ROW ('Weg', n)::app.address, hstore('n', n::text), ('a.b' || n)::ltree, jsonb_build_object('n', n),
         tstzrange('2026-01-01'::timestamptz + n * interval '1 hour', '2026-01-01'::timestamptz + (n + 1) * interval '1 hour')
    FROM generate_series(1, 500) n;
ALTER TABLE app.people OWNER TO app_owner;
ALTER TABLE app.people ALTER data SET STORAGE EXTERNAL, ALTER name SET STATISTICS 500, ALTER data SET COMPRESSION pglz;
ALTER TABLE app.people ALTER mood SET (n_distinct = 3);
CREATE INDEX people_topic ON app.people USING gist (topic);
CREATE INDEX people_trgm ON app.people USING gin (name gin_trgm_ops) WITH (fastupdate = off);
CREATE INDEX people_plain ON app.people (app.plain(name) text_pattern_ops) INCLUDE (mood) WHERE mood <> 'angry';
CREATE UNIQUE INDEX people_nick ON app.people (nick) NULLS NOT DISTINCT;
ALTER TABLE app.people CLUSTER ON people_pkey;
ALTER TABLE app.people REPLICA IDENTITY FULL;
CREATE STATISTICS app.people_both (dependencies, mcv) ON mood, name FROM app.people;
ALTER STATISTICS app.people_both SET STATISTICS 77;
CREATE TRIGGER mail_changed BEFORE UPDATE ON app.people FOR EACH ROW
  WHEN (OLD.mail IS DISTINCT FROM NEW.mail) EXECUTE FUNCTION app.touch();
CREATE TRIGGER never BEFORE INSERT ON app.people FOR EACH ROW EXECUTE FUNCTION app.touch();
ALTER TABLE app.people DISABLE TRIGGER never;
ALTER TABLE app.people ENABLE ALWAYS TRIGGER mail_changed;
GRANT SELECT (id, name), UPDATE (name) ON app.people TO readers;
GRANT SELECT ON app.people TO app_owner, auditor;
GRANT INSERT ON app.people TO "odd ""role's" WITH GRANT OPTION;
SET SESSION AUTHORIZATION "odd ""role's";
GRANT INSERT ON app.people TO reports;
RESET SESSION AUTHORIZATION;
ALTER TABLE app.people ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY calm_only ON app.people AS RESTRICTIVE FOR SELECT TO readers, reports USING (mood <> 'angry');
CREATE POLICY anyone ON app.people USING (true) WITH CHECK (id > 0);
COMMENT ON COLUMN app.people.mail IS 'of the person';
COMMENT ON CONSTRAINT no_overlap ON app.people IS 'one at a time';
COMMENT ON POLICY anyone ON app.people IS 'all rows';

CREATE TABLE app.notes (id serial PRIMARY KEY, person int REFERENCES app.people ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  text text NOT NULL, CONSTRAINT short CHECK (length(text) < 40) NO INHERIT);
INSERT INTO app.notes (person, text) SELECT id, 'note of ' || id FROM app.people;
DELETE FROM app.notes WHERE id % 10 = 0;
ALTER TABLE app.notes ADD CONSTRAINT not_valid CHECK (text <> 'note of 107') NOT VALID;
SELECT setval('app.notes_id_seq', 5000, false);
CREATE SEQUENCE bi.counter AS smallint MINVALUE -5 MAXVALUE 100 CYCLE OWNED BY NONE;
SELECT nextval('bi.counter'), nextval('bi.counter');
ALTER SEQUENCE bi.counter OWNER TO reports;
GRANT USAGE ON SEQUENCE app.notes_id_seq TO readers;
CREATE RULE keep AS ON DELETE TO app.notes WHERE OLD.id < 3 DO INSTEAD NOTHING;
ALTER TABLE app.notes DISABLE RULE keep;

CREATE TABLE bi.t AS SELECT 1 AS x;
ALTER TABLE bi.t OWNER TO reports;
CREATE UNLOGGED TABLE app.cache AS SELECT n, md5(n::text) FROM generate_series(1, 100) n;
CREATE TABLE app.events (at date NOT NULL, kind text, PRIMARY KEY (at, kind)) PARTITION BY RANGE (at);
CREATE TABLE app.events_2025 PARTITION OF app.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE app.events_rest PARTITION OF app.events DEFAULT PARTITION BY HASH (kind);
CREATE TABLE app.events_rest_0 PARTITION OF app.events_rest FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE app.events_rest_1 PARTITION OF app.events_rest FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO app.events SELECT '2025-06-01'::date + n, 'kind ' || n % 9 FROM generate_series(1, 400) n;
GRANT SELECT ON app.events TO readers;
CREATE TABLE app.base (id int, label text);
CREATE TABLE app.derived (extra int) INHERITS (app.base);
INSERT INTO app.base VALUES (1, 'one');
INSERT INTO app.derived VALUES (2, 'two', 3);
CREATE TABLE "odd schema"."Odd ""Table's" ("Odd ""Column's" int, "a:b" text);
INSERT INTO "odd schema"."Odd ""Table's" VALUES (1, E'tab\there, back\\slash, new\nline'), (NULL, '\N'), (3, '\.');
CREATE TYPE app.like_this AS (a int, b text);
CREATE TABLE app.typed OF app.like_this (PRIMARY KEY (a));
CREATE TABLE app.nothing_at_all ();

-- Vectors, whose indexes need memory when they are built and not when they are filled.
CREATE TABLE app.embedded (id bigint PRIMARY KEY, v extensions.vector(1536));
SET maintenance_work_mem = '1GB';
CREATE INDEX embedded_ivf ON app.embedded USING ivfflat (v vector_cosine_ops) WITH (lists = 300);
RESET maintenance_work_mem;
INSERT INTO app.embedded
  SELECT g, (SELECT array_agg(((g * 31 + d * 17) % 97)::real)::vector FROM generate_series(1, 1536) d) FROM generate_series(1, 50) g;
CREATE TABLE app.near (id int, v extensions.vector(8));
INSERT INTO app.near SELECT g, ARRAY[g, 1, 2, 3, 4, 5, 6, g % 7]::vector FROM generate_series(1, 200) g;
CREATE INDEX near_hnsw ON app.near USING hnsw (v vector_l2_ops) WITH (m = 8, ef_construction = 32);

-- A generated column, whose function finds another function only by the search_path.
CREATE FUNCTION app.slug(t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN RETURN replace(plain(t), ' ', '-'); END $$;
CREATE TABLE app.pages (title text, slug text GENERATED ALWAYS AS (app.slug(title)) STORED);
INSERT INTO app.pages SELECT 'A page ' || n FROM generate_series(1, 20) n;

-- A tablespace on another disk; the directory exists.
CREATE TABLESPACE shelf OWNER app_owner LOCATION '/var/lib/postgresql/shelf';
CREATE TABLE app.shelved (n int) TABLESPACE shelf;
CREATE INDEX shelved_n ON app.shelved (n) TABLESPACE shelf;
INSERT INTO app.shelved VALUES (1);

-- Views.
CREATE VIEW app.calm WITH (security_barrier, security_invoker) AS SELECT id, name FROM app.people WHERE mood = 'calm' WITH CHECK OPTION;
ALTER VIEW app.calm OWNER TO reports;
CREATE MATERIALIZED VIEW app.moods AS SELECT mood, count(*) FROM app.people GROUP BY mood;
CREATE UNIQUE INDEX moods_mood ON app.moods (mood);
CREATE MATERIALIZED VIEW app.unfilled AS SELECT 1 AS one WITH NO DATA;
ALTER MATERIALIZED VIEW app.moods OWNER TO app_owner;
REFRESH MATERIALIZED VIEW app.moods;

-- Foreign data, publications and subscriptions.
CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '192.0.2.1', dbname 'x');
ALTER SERVER elsewhere OWNER TO app_owner;
CREATE USER MAPPING FOR reports SERVER elsewhere OPTIONS (user 'u', password 'mapping-LEAKED');
CREATE FOREIGN TABLE bi.remote (id int, name text OPTIONS (column_name 'n')) SERVER elsewhere OPTIONS (table_name 't');
GRANT USAGE ON FOREIGN SERVER elsewhere TO reports;
CREATE PUBLICATION of_some FOR TABLE app.people (id, name) WHERE (id > 100), app.notes WITH (publish = 'insert');
CREATE PUBLICATION of_bi FOR TABLES IN SCHEMA bi;
CREATE PUBLICATION everything FOR ALL TABLES;
ALTER PUBLICATION everything OWNER TO nestfleet;
CREATE SUBSCRIPTION inbound CONNECTION 'host=192.0.2.1 dbname=x password=subscription-LEAKED' PUBLICATION p WITH (connect = false);
COMMENT ON SUBSCRIPTION inbound IS 'from elsewhere';

-- Large objects.
SELECT lo_from_bytea(424242, decode('00ff10', 'hex')), lo_from_bytea(424243, 'second');
ALTER LARGE OBJECT 424242 OWNER TO app_owner;
GRANT SELECT ON LARGE OBJECT 424242 TO reports;
COMMENT ON LARGE OBJECT 424243 IS 'an attachment';

-- Default privileges.
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO readers;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner GRANT EXECUTE ON FUNCTIONS TO reports;
ALTER DEFAULT PRIVILEGES FOR ROLE app_owner REVOKE USAGE ON TYPES FROM PUBLIC;

-- Event triggers: one that logs changes, one that forbids to drop objects, one at login.
CREATE TABLE app.changes (tag text);
CREATE FUNCTION app.on_change() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app.changes VALUES (tg_tag); END $$;
CREATE FUNCTION app.on_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'nothing is dropped here'; END $$;
CREATE EVENT TRIGGER note_changes ON ddl_command_end EXECUTE FUNCTION app.on_change();
CREATE EVENT TRIGGER keep_all ON sql_drop EXECUTE FUNCTION app.on_drop();
CREATE EVENT TRIGGER at_login ON login EXECUTE FUNCTION app.on_drop();
ALTER EVENT TRIGGER keep_all ENABLE ALWAYS;
