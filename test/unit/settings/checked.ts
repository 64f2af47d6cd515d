import { check } from "../../../components/settings/check";
import { report } from "../../../components/settings/problem";

/** Checks a configuration in the form that Pulumi passes on: each value is a string. */
export function checked(config: Record<string, unknown>, encrypted: string[] = []) {
  const values = Object.entries({ version: "1.5.0", ...config }).map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return check({
    values: Object.fromEntries(values) as Record<string, string>,
    encrypted: new Set(encrypted),
    stack: "prod",
  });
}

export function problems(config: Record<string, unknown>, encrypted: string[] = []) {
  const result = checked(config, encrypted);
  return "problems" in result ? result.problems : [];
}

export function settings(config: Record<string, unknown>, encrypted: string[] = []) {
  const result = checked(config, encrypted);
  if ("problems" in result) throw new Error(report(result.problems, "prod"));
  return result.settings;
}
