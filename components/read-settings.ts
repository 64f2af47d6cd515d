import { readFileSync } from "node:fs";
import * as pulumi from "@pulumi/pulumi";
import { refusal } from "./refusal";
import { check } from "./settings/check";
import { report } from "./settings/problem";
import type { Settings } from "./settings/schema";
import { type Written, writtenIn } from "./settings/written";

/** The checked settings of the running stack. Refuses a bad config before the first resource is registered. */
export function readSettings(): Settings {
  const stack = pulumi.getStack();
  const checked = check({ values: ownConfig(), encrypted: new Set(encryptedKeys()), stack, written: written(stack) });
  if ("problems" in checked) throw refusal(report(checked.problems, stack));
  return checked.settings;
}

/**
 * Reads the stack's file, which lies in the project's folder, where the program runs. With `--config-file` it lies
 * elsewhere.
 */
function written(stack: string): Written | undefined {
  try {
    return writtenIn(readFileSync(`Pulumi.${stack}.yaml`, "utf8"));
  } catch {
    return undefined;
  }
}

/** Reads all keys of the project: pulumi.Config reads keys by name only, and would not find the unknown ones. */
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
