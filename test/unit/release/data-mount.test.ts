import { expect, test } from "vitest";
import { dataMountByTag, dataMountOf } from "../../../components/release/data-mount";

const OLD = { target: "/var/lib/postgresql/data", folder: "" };
const NEW = { target: "/var/lib/postgresql", folder: "18/docker" };

test.each<[string, Parameters<typeof dataMountOf>[0], ReturnType<typeof dataMountOf>]>([
  [
    "up to 17, the declared volume is the data directory",
    { Env: ["PGDATA=/var/lib/postgresql/data"], Volumes: { "/var/lib/postgresql/data": {} } },
    OLD,
  ],
  [
    "from 18 on the folder above it",
    { Env: ["PATH=/bin", "PGDATA=/var/lib/postgresql/18/docker"], Volumes: { "/var/lib/postgresql": {} } },
    NEW,
  ],
  [
    "data in a folder of the declared volume",
    { Env: ["PGDATA=/var/lib/postgresql/data/pgdata"], Volumes: { "/var/lib/postgresql/data": {} } },
    { target: "/var/lib/postgresql/data", folder: "pgdata" },
  ],
  [
    "of two declared volumes the inner one",
    { Env: ["PGDATA=/srv/a/b"], Volumes: { "/srv": {}, "/srv/a": {}, "/srv/ab": {} } },
    { target: "/srv/a", folder: "b" },
  ],
  ["an image that declares none", { Env: ["PGDATA=/data/"], Volumes: null }, { target: "/data/", folder: "" }],
  ["an image that says nothing", { Env: null }, OLD],
])("%s", (_, image, mount) => {
  expect(dataMountOf(image)).toEqual(mount);
});

test.each([
  ["pgvector/pgvector:pg16", OLD],
  ["pgvector/pgvector:pg17-trixie", OLD],
  ["pgvector/pgvector:pg18", NEW],
  ["pgvector/pgvector:0.8.1-pg18-trixie", NEW],
  ["postgres:18.1-alpine3.22", NEW],
  ["127.0.0.1:5055/postgres:18", NEW],
  ["127.0.0.1:5055/postgres", OLD],
  ["postgres:latest", OLD],
  [`postgres@sha256:${"18".repeat(32)}`, OLD],
])("without the Docker host, by the tag: %s", (reference, mount) => {
  expect(dataMountByTag(reference)).toEqual(mount);
});
