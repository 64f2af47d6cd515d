import { isCredential } from "./credential";
import { namedValues } from "./named-values";

/** Also a parameter of an extension, such as `pg_stat_statements.max`. */
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}(?:\.[A-Za-z_][A-Za-z0-9_$]{0,62})?$/;

const FILES = "left to the image, which decides where the server's files are";
const ADDRESS = "left to this program: the other containers reach the server at its usual address";
const STANDBY = "left out: this server is no standby";
const SAFETY = "left as it is: otherwise a loss of power, or damage that the server hides, costs data";

/** Parameters that the program sets itself, or on which it relies, and why. */
const RESERVED = new Map(
  Object.entries({
    shared_buffers: "set with nestfleet:postgres.sharedBuffers",
    track_commit_timestamp: "left to this program: the plan of a restore shows the time of the last write",
    data_directory: FILES,
    config_file: FILES,
    hba_file: FILES,
    ident_file: FILES,
    external_pid_file: FILES,
    listen_addresses: ADDRESS,
    port: ADDRESS,
    unix_socket_directories: ADDRESS,
    unix_socket_group: ADDRESS,
    unix_socket_permissions: ADDRESS,
    primary_conninfo: STANDBY,
    primary_slot_name: STANDBY,
    fsync: SAFETY,
    full_page_writes: SAFETY,
    zero_damaged_pages: SAFETY,
    ignore_checksum_failure: SAFETY,
    ignore_invalid_pages: SAFETY,
  }),
);

/**
 * Parameters of the database's server, as postgresql.conf has them. They become options of the server's command line, so
 * a change restarts postgres, and requests wait meanwhile. The server of the configured image checks names and values in
 * the preview.
 */
export function parameters() {
  const given = namedValues({
    what: "names of server parameters",
    nameRule: (name) =>
      NAME.test(name) ? RESERVED.get(name.toLowerCase()) : "the name of a server parameter: letters, digits and '_'",
    valueRule: (name, value) =>
      isCredential(name, value) ? "not a credential: every user of the Docker host can read it" : undefined,
  });
  return given.transform((values, context) => {
    const names = Object.keys(values);
    for (const name of names) {
      const other = names.find((one) => one !== name && one.toLowerCase() === name.toLowerCase());
      if (other === undefined) continue;
      context.issues.push({ code: "custom", message: `given once: ${other} is the same`, input: name, path: [name] });
    }
    return values;
  });
}
