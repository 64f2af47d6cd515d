import { expect, test } from "vitest";
import { isCredential } from "../../../components/settings/credential";
import { report } from "../../../components/settings/problem";
import { problems } from "./checked";

function reported(config: Record<string, unknown>): string {
  const found = problems(config, ["secretEnv"]);
  return found.length === 0 ? "" : report(found, "prod");
}

test.each([
  ["SMTP_URL", "smtp://user:hunter22@mail"],
  ["REDIS_URL", "redis://:pw@r"],
  ["SENTRY_DSN", "https://0123456789abcdef@sentry.example.com/1"],
  ["SLACK_WEBHOOK_URL", "https://hooks.slack.com/services/T0/B0/x"],
  ["ALERT_WEBHOOK_URL", "https://chat.example.com/hook/abcdef"],
  ["OPENAI_APIKEY", "abc"],
  ["DB_PWD", "abc"],
  ["PASSWORD", "abc"],
  ["SECRET", "abc"],
  ["TOKEN", "abc"],
  ["GCP_CREDENTIALS", "{}"],
  ["SSO_PRIVATE_KEY_PEM", "abc"],
  ["S3_PASSPHRASE", "abc"],
  ["AWS_ACCESS_KEY_ID", "AKIA"],
  ["LLM_API_KEY", "abc"],
  ["API_KEYS", "abc,def"],
  ["API_TOKENS", "abc"],
  ["SECRETS", "abc"],
  ["PEM", "-----BEGIN PRIVATE KEY-----"],
  ["BROKERS", "kafka://one:9092,amqp://user:pw@two"],
  ["SOMETHING", "sk-0123456789abcdef0123"],
  ["SOMETHING", "ghp_0123456789abcdef0123"],
  ["SOMETHING", "xoxb-1-2-3"],
  ["SOMETHING", "AKIA0123456789ABCDEF"],
  ["SOMETHING", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x"],
])("%s=%s is a credential", (name, value) => {
  expect(isCredential(name, value)).toBe(true);
  const told = reported({ env: { [name]: value } });
  expect(told).toMatch(new RegExp(`nestfleet:env\\.${name} is .*\\[secret\\]`));
  expect(told).toContain("move it to nestfleet:secretEnv, encrypted");
});

test.each([
  ["VAPID_PUBLIC_KEY", "BPk0"],
  ["LLM_MAX_TOKENS", "4096"],
  ["SESSION_TOKEN_TTL", "1h"],
  ["PASSWORD_MIN_LENGTH", "12"],
  ["TOKEN_REQUIRED", "true"],
  ["SSH_KEY_PATH", "/keys/id"],
  ["LLM_BASE_URL", "https://llm.example.com/v1"],
  ["REPOSITORY", "ssh://git@git.example.com/x"],
  ["LOG_LEVEL", "info"],
  ["LLM_MAX_TOKENS", "4k"],
  ["COOKIE_DOMAIN", "example.com"],
  ["COOKIE_SAMESITE", "lax"],
  ["OIDC_TOKEN_ENDPOINT", "https://id.example.com/token"],
  ["STRIPE_PUBLISHABLE_KEY", "pk"],
  ["SAML_CERT", "-----BEGIN CERTIFICATE-----"],
  ["GREETING", "ask-me-anything-you-like"],
])("%s=%s is not a credential", (name, value) => {
  expect(isCredential(name, value)).toBe(false);
  expect(reported({ env: { [name]: value } })).toBe("");
});

test.each(["PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "NODE_PATH", "BASH_ENV"])(
  "%s belongs to the image, in plain text and encrypted",
  (name) => {
    for (const key of ["env", "secretEnv"])
      expect(reported({ [key]: { [name]: "/tmp" } })).toContain("left to the image");
  },
);

test.each([
  ["--max-old-space-size=2048 --enable-source-maps", true],
  ["--max_old_space_size=2048", true],
  ["--no-network-family-autoselection --use-openssl-ca", true],
  ["--experimental_loader=/tmp/x.mjs", false],
  ["-r /tmp/x.js", false],
  ['"--require" /tmp/x.js', false],
  ["--openssl-legacy-provider", true],
  ["--tls-keylog=/tmp/keys", false],
  ["--require /tmp/x.js", false],
  ["--import=data:text/javascript,1", false],
  ["--inspect=0.0.0.0", false],
])("NODE_OPTIONS=%s: %s", (value, good) => {
  const told = reported({ env: { NODE_OPTIONS: value } });
  expect(told === "").toBe(good);
});

test.each([
  ["https://git.example.com/x?private_token=abcdefgh", "abcdefgh"],
  ["ssh://u:hunter22@git.example.com/x", "hunter22"],
  ["https://u:hunter22@git.example.com/x", "hunter22"],
])("a source with a credential is refused, and the credential not shown: %s", (source, secret) => {
  const told = reported({ source });
  expect(told).toContain("credentials belong in Git's credential helper");
  expect(told).not.toContain(secret);
});
