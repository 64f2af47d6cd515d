import * as pulumi from "@pulumi/pulumi";
import { refusal } from "../refusal";
import { check } from "./check";
import { report } from "./problem";
import type { Settings } from "./schema";

/** The checked settings of the running stack. Refuses a bad config before the first resource is registered. */
export function readSettings(): Settings {
  const stack = pulumi.getStack();
  const checked = check({ values: ownConfig(), encrypted: new Set(encryptedKeys()), stack });
  if ("problems" in checked) throw refusal(report(checked.problems, stack));
  return checked.settings;
}

/** pulumi.Config can only ask for keys by name; finding the unknown ones takes the whole bag. */
function ownConfig(): Record<string, string> {
  const all = Object.entries(pulumi.runtime.allConfig());
  return Object.fromEntries(
    all.flatMap(([key, value]) => (key.startsWith(NAMESPACE) ? [[key.slice(NAMESPACE.length), value]] : [])),
  );
}

function encryptedKeys(): string[] {
  const keys = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[];
  return keys.flatMap((key) => (key.startsWith(NAMESPACE) ? [key.slice(NAMESPACE.length)] : []));
}

const NAMESPACE = "nestfleet:";
