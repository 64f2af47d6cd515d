import { expect, test } from "vitest";
import { parametersIn, parametersOf, serverCommand } from "../../../components/release/parameters";
import { plan } from "../../../components/release/plan";
import { summary } from "../../../components/release/summary";
import { asked, container, host } from "./facts";

const NONE = { shared_buffers: "128MB", track_commit_timestamp: "on" };

test("without parameters, the command is that of earlier programs", () => {
  const command = serverCommand(parametersOf({ sharedBuffers: "128MB", parameters: {} }));
  expect(command).toEqual(["postgres", "-c", "shared_buffers=128MB", "-c", "track_commit_timestamp=on"]);
});

test("the order of the config does not matter", () => {
  const [one, other] = [
    { b: "2", a: "1=1 x" },
    { a: "1=1 x", b: "2" },
  ].map((parameters) => serverCommand(parametersOf({ sharedBuffers: "128MB", parameters })));
  expect(one).toEqual(other);
  expect(parametersIn(one ?? [])).toEqual({ ...NONE, a: "1=1 x", b: "2" });
});

test.each([
  [[]],
  [["node", "dist/index.js"]],
  [["postgres", "-c"]],
  [["postgres", "-p", "5433"]],
  [["postgres", "-c", "x"]],
])("%j is not a command of this program", (command) => {
  expect(parametersIn(command)).toBeUndefined();
});

function planned(parameters: Record<string, string>, running: Record<string, string> | undefined) {
  const facts = host("1.4.2", "1.4.2");
  const containers = facts.containers.map((one) =>
    one.role === "postgres" ? container("postgres", "pgvector/pgvector:pg16", { parameters: running }) : one,
  );
  const settings = asked("1.4.2", { postgres: { sharedBuffers: "128MB", parameters } });
  return plan({ stack: "prod", settings, host: { ...facts, containers }, last: { version: "1.4.2" } });
}

test("the plan names each change, and that postgres restarts", () => {
  const changed = planned({ work_mem: "16MB", jit: "off" }, { ...NONE, work_mem: "8MB", max_connections: "200" });
  expect(changed.restarts).toEqual(["postgres"]);
  expect(changed.downtime).toContain("requests wait for some seconds while postgres restarts");
  expect(summary(changed)).toContain(
    "  parameters   jit (default) → off, max_connections 200 → (default), work_mem 8MB → 16MB; postgres restarts with them",
  );
});

test("a value with a line break cannot add a line to the plan", () => {
  expect(summary(planned({}, { ...NONE, work_mem: "8MB\n  downtime     none" }))).toContain(
    "  parameters   work_mem 8MB downtime none → (default); postgres restarts with them",
  );
});

test("nothing changes with the same parameters, or where the running ones are not known", () => {
  expect(planned({ work_mem: "16MB" }, { ...NONE, work_mem: "16MB" })).toMatchObject({ parameters: [], restarts: [] });
  expect(planned({ work_mem: "16MB" }, undefined)).toMatchObject({ parameters: [], restarts: [] });
});

test("each parameter that the server rejects is a problem, with the commands that change or remove it", () => {
  const rejected = [
    { name: "wrok_mem", why: 'unrecognized configuration parameter "wrok_mem"' },
    { name: "auto_explain.log_min_duration", why: "x" },
  ];
  const { problems } = plan({
    stack: "prod",
    settings: asked("1.4.2"),
    host: host("1.4.2", "1.4.2", { facts: { parametersRejected: rejected } }),
    last: { version: "1.4.2" },
  });
  expect(problems).toEqual([
    {
      title: "pgvector/pgvector:pg16 rejects the server parameter wrok_mem",
      why: 'the server says: unrecognized configuration parameter "wrok_mem"',
      fix: [
        "give it another value: pulumi config set --stack prod --path 'nestfleet:postgres.parameters.wrok_mem' VALUE",
        "or leave it to the server: pulumi config rm --stack prod --path 'nestfleet:postgres.parameters.wrok_mem'",
      ],
    },
    expect.objectContaining({
      fix: [
        `give it another value: pulumi config set --stack prod --path 'nestfleet:postgres.parameters["auto_explain.log_min_duration"]' VALUE`,
        `or leave it to the server: pulumi config rm --stack prod --path 'nestfleet:postgres.parameters["auto_explain.log_min_duration"]'`,
      ],
    }),
  ]);
});
