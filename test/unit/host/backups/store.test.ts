import { describe, expect, test } from "vitest";
import type { BackupManifest } from "../../../../components/release/records/manifest";
import { isSigned, signed } from "../../../../components/release/records/signature";
import { Database } from "../../../../components/host/database/database";
import { withheld } from "../../../../components/host/docker/redaction";
import { findBackup } from "../../../../components/host/backups/selection";
import { Store } from "../../../../components/host/backups/store";
import { ScriptedDocker } from "../../../support/docker";
import { backup } from "../../release/facts";

const KEY = "k3Y".repeat(21);
const [OLD, NEW, NEWEST] = ["20261122T020000Z-1.4.2", "20261123T020000Z-1.4.2", "20261124T020000Z-1.4.2"] as const;
const NOW = Date.parse("2026-11-24T12:00:00Z") / 1000;
const TAKES = (id: string) => `scripts/backup.sh --stack prod --docker-host unix:///nowhere --trust ${id}`;
const reason = (id: string) =>
  `${id}.json: it is not signed by this stack: if you know that it is the stack's own, ${TAKES(id)} accepts it`;
const PROVEN = { at: "2026-11-24T12:00:00Z", by: "proof", way: "pg_restore", seconds: 7, megabytes: 64 } as const;

/** The directory of the backups, with whole dumps, as the container of a database shows it. */
class Shelf {
  /** Manifests by id; what others have written is as they have. */
  public readonly files = new Map<string, object>();
  /** Sizes of dumps, by id, where they are not those of the manifests. */
  public readonly sizes = new Map<string, string | number>();
  public readonly docker = new ScriptedDocker((command, stdin) => this.answer(command, stdin));
  public readonly database = new Database(this.docker, "postgres");
  public readonly store = new Store(this.database);

  public constructor(
    private readonly key: string | undefined,
    ...manifests: object[]
  ) {
    for (const manifest of manifests) this.files.set((manifest as BackupManifest).id, manifest);
  }

  private answer(command: string, stdin: string): string {
    if (command.startsWith("inspect ")) {
      const environment = this.key === undefined ? [] : [`NESTFLEET_BACKUP_KEY=${this.key}`];
      return JSON.stringify([{ Config: { Env: environment, Labels: { "org.nestfleet.stack": "prod" } } }]);
    }
    if (command.includes("for file in")) return this.listed();
    const [, id = ""] = /\/backups\/(\d{8}T\d{6}Z-[\w.]+)\.json/.exec(command) ?? [];
    if (stdin === "") return this.files.has(id) ? JSON.stringify(this.files.get(id)) : "";
    this.files.set(id, JSON.parse(stdin) as object);
    return "";
  }

  private listed(): string {
    const records = [...this.files].map(([id, manifest]) => {
      const size = this.sizes.get(id) ?? (manifest as BackupManifest).bytes;
      return `${id}.json ${size}\n${JSON.stringify(manifest)}`;
    });
    return [`${NOW}`, ...records].map((record) => `\x1e${record}`).join("\n");
  }
}

const ids = (manifests: readonly BackupManifest[]) => manifests.map(({ id }) => id);

describe("what lies among the backups of a stack with a key", () => {
  const shelf = () =>
    new Shelf(KEY, signed(backup(OLD), KEY), backup(NEW), signed({ ...backup(NEWEST), bytes: 7 }, "another"));

  test("is a backup if the stack has signed it, and otherwise reported with the command that accepts it", async () => {
    const { backups, broken, unsigned, newest } = await shelf().store.list();
    expect([ids(backups), unsigned, newest]).toEqual([[OLD], [NEW, NEWEST], OLD]);
    expect(broken).toEqual([reason(NEW), reason(NEWEST)]);
  });

  test("is not found by its id or as the newest", async () => {
    const { database } = shelf();
    expect((await findBackup(database, undefined)).id).toBe(OLD);
    await expect(findBackup(database, NEW)).rejects.toThrow(`the backup cannot be relied on: ${reason(NEW)}`);
  });

  test("that was changed after it was signed does not count", async () => {
    const { store } = new Shelf(KEY, { ...signed(backup(OLD), KEY), rows: { "public.cases": 0 } });
    expect((await store.list()).unsigned).toEqual([OLD]);
  });

  test("is damaged first of all, where its dump is not there", async () => {
    const { store, files } = shelf();
    files.set(NEW, { ...backup(NEW), bytes: "none" });
    expect((await store.list()).broken[0]).toBe(`${NEW}.json: it is not the manifest of a backup`);
  });

  test("is reported without the key", async () => {
    const { docker, store } = shelf();
    await store.list();
    expect(docker.asked.join()).not.toContain(KEY);
    expect(withheld(`it says ${KEY}`)).toBe("it says ***");
  });
});

describe("what is read from the backups' directory", () => {
  const planted = "20990101T000000Z-1.4.2";

  test("is in the order in which it was taken, and apart where it is dated in the future", async () => {
    const shelf = new Shelf(undefined, backup(planted), backup(NEW), backup(OLD));
    const { backups, future, newest, clock } = await shelf.store.list();
    expect([ids(backups), ids(future), newest, clock]).toEqual([[OLD, NEW], [planted], NEW, NOW]);
  });

  test.each([
    ["none", "its dump is missing"],
    [7, "its dump has 7 bytes instead of 290000000"],
    [290_000_001, "its dump has 290000001 bytes instead of 290000000"],
  ])("is not a backup if the size of its dump is %s, and is still the newest", async (bytes, why) => {
    const shelf = new Shelf(undefined, backup(OLD), backup(NEW));
    shelf.sizes.set(NEW, bytes);
    const { backups, broken, newest } = await shelf.store.list();
    expect([ids(backups), broken, newest]).toEqual([[OLD], [`${NEW}.json: ${why}`], NEW]);
  });

  test("is a backup, though another manifest beside it says that it is the same", async () => {
    const shelf = new Shelf(KEY, signed(backup(OLD), KEY));
    shelf.files.set(NEW, backup(OLD));
    const { backups, broken, unsigned } = await shelf.store.list();
    expect([ids(backups), broken, unsigned]).toEqual([[OLD], [`${NEW}.json: it is the manifest of ${OLD}`], []]);
  });

  test("costs one question beside that for the key, however many there are", async () => {
    const { docker, store } = new Shelf(undefined, backup(OLD), backup(NEW), backup(NEWEST));
    await store.list();
    expect(docker.asked.map((command) => command.split(" ")[0])).toEqual(["exec", "inspect"]);
  });

  test("is an error if the container no longer exists, and does not count as it would without a key", async () => {
    const gone = new ScriptedDocker((command) => (command.startsWith("inspect ") ? undefined : `\x1e${NOW}`));
    await expect(new Store(new Database(gone, "postgres")).list()).rejects.toThrow("there is no container postgres");
  });
});

test("without a key everything counts", async () => {
  const { backups, unsigned } = await new Shelf(undefined, backup(OLD), signed(backup(NEW), KEY)).store.list();
  expect([ids(backups), unsigned]).toEqual([[OLD, NEW], []]);
});

describe("what is written", () => {
  test("is signed where there is a key, and else has no signature", async () => {
    for (const key of [KEY, undefined]) {
      const { store, files } = new Shelf(key);
      await store.commit(backup(NEW));
      expect(files.get(NEW)).toEqual(JSON.parse(JSON.stringify(signed(backup(NEW), key))));
    }
  });

  test("of a backup that was proven is signed anew, with what a later release has said of it", async () => {
    const { store, files } = new Shelf(
      KEY,
      signed({ ...backup(OLD), later: 1, disproven: { ...PROVEN, reason: "x" } }, KEY),
    );
    await store.amend(OLD, { proven: PROVEN, disproven: undefined });
    const now = files.get(OLD) ?? {};
    expect(now).toMatchObject({ ...backup(OLD), later: 1, proven: PROVEN });
    expect([isSigned(now, KEY), "disproven" in now]).toEqual([true, false]);
  });

  test.each<[string, object]>([
    ["has no signature", backup(OLD)],
    ["has that of another stack", signed(backup(OLD), "another")],
    ["was changed since", { ...signed(backup(OLD), KEY), sha256: "1".repeat(64) }],
  ])("makes no backup of a manifest that %s", async (_, planted) => {
    const { store, files } = new Shelf(KEY, planted);
    await expect(store.amend(OLD, { proven: PROVEN })).rejects.toThrow("it is not signed by this stack");
    expect(files.get(OLD)).toEqual(planted);
  });

  test("brings back none that was removed meanwhile", async () => {
    const { store, files } = new Shelf(KEY);
    await store.amend(OLD, { proven: PROVEN });
    expect(files.size).toBe(0);
  });
});
