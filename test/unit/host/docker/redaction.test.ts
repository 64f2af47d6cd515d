import { expect, test } from "vitest";
import { conceal, withheld } from "../../../../components/host/docker/redaction";

const SECRET = "hunter2hunter2/+ü";
const PEM =
  "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\nAQEFAASCBKcwggSjAgEAAoIB\n-----END PRIVATE KEY-----";
const base64 = (text: string) => Buffer.from(text).toString("base64");

/** What stands in the environment, what a program says, and what of it must not be read. */
test.each<[string, Record<string, string>, string, string[]]>([
  ["as it is", { A_SECRET: SECRET }, `no: ${SECRET}!`, [SECRET]],
  ["a URL's, without a user", { REDIS_URL: "redis://:hunter2hunter2@r" }, "AUTH hunter2hunter2", ["hunter2"]],
  ["the second of two URLs", { BROKERS: "amqp://a:firstpass1@x,amqp://b:secondpw2@y" }, "secondpw2", ["secondpw2"]],
  ["a URL's, decoded", { DB: "postgres://a:p%40ssword1@x" }, "p@ssword1 p%40ssword1", ["p@ssword1", "p%40ss"]],
  ["of seven characters", { SMTP_PASSWORD: "hunter2" }, "(hunter2)", ["hunter2"]],
  ["short, of any name", { THING: "Abc-123" }, "thing Abc-123.", ["Abc-123"]],
  ["escaped as JSON", { A: 'with "quotes" and \\' }, JSON.stringify({ a: 'with "quotes" and \\' }), ["quotes"]],
  ["of several lines, escaped", { KEY: PEM }, JSON.stringify(PEM), ["MIIEvQ", "AQEFAA"]],
  ["of several lines, indented", { KEY: PEM }, PEM.replaceAll("\n", "\n    "), ["MIIEvQ", "AQEFAA"]],
  ["a field of JSON", { GCP: '{"a":{"private":"0123abcd4567"}}' }, "key 0123abcd4567", ["0123abcd"]],
  ["in base64", { A: SECRET }, base64(SECRET), [base64(SECRET).slice(0, 12)]],
  ["in Basic", { A: SECRET }, `Basic ${base64(`us:${SECRET}`)}`, [base64(`us:${SECRET}`).slice(8, 20)]],
  [
    "in Basic, with a longer name",
    { A: SECRET },
    `Basic ${base64(`user:${SECRET}`)}`,
    [base64(`user:${SECRET}`).slice(8, 20)],
  ],
  ["encoded for a URL", { A: SECRET }, encodeURIComponent(SECRET), ["hunter2"]],
  ["with a sign behind its beginning", { A: "correct-horse+battery" }, "no: correct-horse+battery!", ["battery"]],
  ["right behind a part of it", { A: "1abcdefg1abcdefg#xyz" }, "1abcdefg1abcdefg1abcdefg#xyz", ["abcd", "xyz"]],
  ["with half a character", { A: '{"key":"\\ud800abcdefg1"}' }, "\ud800abcdefg1", ["abcdefg"]],
  ["cut off", { A: "0123456789abcdef0123" }, "0123456789abcd…", ["0123456789"]],
  ["in an open value's URL", { CONSOLE_ORIGIN: "https://a:passw0rd@x" }, "https://a:passw0rd@x", ["passw0rd"]],
])("a secret is not shown: %s", (_, environment, said, hidden) => {
  const shown = withheld(said, environment);
  for (const secret of hidden) expect(shown).not.toContain(secret);
  expect(shown).toContain("***");
});

test("a text that is not a secret stays readable", () => {
  const environment = {
    NODE_ENV: "production",
    LOG_LEVEL: "verbose1",
    MODE: "fast",
    LIMIT: "50",
    POSTGRES_USER: "nestfleet",
  };
  const said = "production mode is fast, 50 of nestfleet; verbose1";
  expect(withheld(said, environment)).toBe(said);
  expect(withheld("https://example.com/a and https://example.com/b", { DB: "https://example.com/secret1" })).toBe(
    "https://example.com/a and https://example.com/b",
  );
});

test("what a message is made of stays readable, whatever the environment has", () => {
  const environment = {
    POSTGRES_PASSWORD: "nestfleet",
    DATABASE_URL: "postgres://nestfleet:postgres@postgres:5432/nestfleet",
    BUCKET: "nestfleet-prod-backups",
    INSTANCE: "nestfleet-prod",
    SMTP_HOST: "mail.example.com",
    ADMIN_PASSWORD: "nestfleet-prod-1999",
  };
  const said = "docker exec nestfleet-prod-postgres psql -U nestfleet; nestfleet-prod-api asks mail.example.com";
  expect(withheld(said, environment)).toBe(said);
  expect(withheld("it is nestfleet-prod-1999", environment)).toBe("it is ***");
});

test("every line of a process is without what it knows, and can be read", () => {
  conceal({
    SENTRY_ENVIRONMENT: "production",
    QUEUE_DRIVER: "database",
    LLM_PROVIDER: "anthropic",
    PUBLIC_URL: "https://fleet.example.com",
    JWT_SECRET: "onlylettersofasecret",
    THING: "made-Up-1234",
    DATABASE_URL: "postgres://nestfleet:p4ssw0rd@postgres:5432/nestfleet",
  });
  const said = "docker exec nestfleet-production-postgres psql; the database answers on https://fleet.example.com";
  expect(withheld(said)).toBe(said);
  expect(withheld("onlylettersofasecret made-Up-1234 p4ssw0rd")).toBe("*** *** ***");
});

test.each([
  ["Key (email)=(eve@example.com) already exists.", "Key (email)=(***) already exists."],
  ["Key (lower(email))=(eve@example.com) already exists.", "Key (lower(email))=(***) already exists."],
  ['Key (a, b)=(1, x) is not present in table "t".', 'Key (a, b)=(***) is not present in table "t".'],
  [
    "Key (room, during)=(1, eve) conflicts with existing key (room, during)=(1, secret).",
    "Key (room, during)=(***) conflicts with existing key (room, during)=(***).",
  ],
  [
    "Failing row contains (1, eve@example.com, (x)).\nSTATEMENT: x (y)",
    "Failing row contains (***).\nSTATEMENT: x (y)",
  ],
  ["Failing row contains (1, eve\nsecond line, x).", "Failing row contains (***)."],
  ['COPY users, line 3: "1\teve@example.com"', 'COPY users, line 3: "***"'],
  ['COPY users, line 3, column email: "eve"', 'COPY users, line 3, column email: "***"'],
])("rows that PostgreSQL quotes are not shown: %s", (said, shown) => {
  expect(withheld(`ERROR: no\nDETAIL:  ${said}`, {})).toBe(`ERROR: no\nDETAIL:  ${shown}`);
});
