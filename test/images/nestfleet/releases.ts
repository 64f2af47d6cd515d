/** A version of the demo release; each has a tag. */
export interface Release {
  readonly version: string;
  /** The version that `/health` answers. It differs from `version` only in releases that show this fault. */
  readonly reportedVersion: string;
  /** The files of `migrations/` that the image contains. */
  readonly migrations: readonly string[];
  readonly cases: CaseColumns;
  /** The api serves for this long and then exits 1. */
  readonly diesAfterSeconds?: number;
  /** The api accepts requests from other hosts and does not answer them: at once, or from the first POST on. */
  readonly hangs?: "always" | "from the first POST";
}

/** How the code of the release uses the table `cases`, so that code and schema depend on each other. */
export interface CaseColumns {
  readonly title: "title" | "subject";
  readonly defaultPriority: "normal" | "medium";
  readonly channel: boolean;
  readonly assignee: boolean;
  readonly events: boolean;
}

const v142: Release = {
  version: "1.4.2",
  reportedVersion: "1.4.2",
  migrations: [
    "0001_extensions.sql",
    "0002_cases.sql",
    "0003_case_jobs.sql",
    "0003_cases_created_at_index.sql",
    "0004_credentials.sql",
  ],
  cases: { title: "title", defaultPriority: "normal", channel: true, assignee: false, events: false },
};

// Stops using `channel`, which 1.5.1 drops: that is why 1.5.0 and 1.5.1 can serve side by side,
// and why 1.4.2's code cannot run on 1.5.1's schema.
const v150: Release = {
  version: "1.5.0",
  reportedVersion: "1.5.0",
  migrations: [...v142.migrations, "0005_case_events.sql", "0006_cases_assignee.sql"],
  cases: { ...v142.cases, channel: false, assignee: true, events: true },
};

const v151: Release = {
  ...v150,
  version: "1.5.1",
  reportedVersion: "1.5.1",
  migrations: [...v150.migrations, "0007_drop_cases_channel.sql"],
};

// Its migration adds a check constraint, which passes on an empty database and on those of the publisher. The default
// priority that all earlier releases write violates it.
const v160: Release = {
  ...v151,
  version: "1.6.0",
  reportedVersion: "1.6.0",
  migrations: [...v151.migrations, "0008_known_priorities.sql"],
  cases: { ...v151.cases, defaultPriority: "medium" },
};

const v161: Release = { ...v151, version: "1.6.1", reportedVersion: "1.6.1", diesAfterSeconds: 8 };

const v162: Release = { ...v151, version: "1.6.2", reportedVersion: "1.5.1" };

const v163: Release = {
  ...v151,
  version: "1.6.3",
  reportedVersion: "1.6.3",
  migrations: [...v151.migrations, "0009_backfill_search_text.sql"],
};

const v164: Release = { ...v151, version: "1.6.4", reportedVersion: "1.6.4", hangs: "always" };

const v165: Release = { ...v151, version: "1.6.5", reportedVersion: "1.6.5", hangs: "from the first POST" };

// The answer of `/health` is a constant, whatever the tag, as in the published application today.
const v180: Release = { ...v151, version: "1.8.0", reportedVersion: "0.1.0" };

const v181: Release = { ...v151, version: "1.8.1", reportedVersion: "0.1.0" };

const v200: Release = {
  ...v151,
  version: "2.0.0",
  reportedVersion: "2.0.0",
  migrations: [...v151.migrations, "0010_rename_title_to_subject.sql"],
  cases: { ...v151.cases, title: "subject" },
};

export const releases: readonly Release[] = [v142, v150, v151, v160, v161, v162, v163, v164, v165, v180, v181, v200];
