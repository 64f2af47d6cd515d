import { describe, expect, test } from "vitest";
import { parseManifest } from "../../../../components/release/records/manifest";
import { isSigned, signed } from "../../../../components/release/records/signature";
import { backup } from "../facts";

const KEY = "a1B2".repeat(16);
const ID = "20261124T080102Z-1.4.2";

/** As it lies on a disk, and is read from there. */
const laid = (manifest: object) => JSON.stringify(manifest, undefined, 2);
const written = (manifest: object, key = KEY) => laid(signed(manifest, key));
const read = (text: string) => parseManifest(text)?.json ?? {};
const own = written(backup(ID));

describe("a signed manifest", () => {
  test("is verified with the key, with any layout and any place of the signature", () => {
    expect(isSigned(read(own), KEY)).toBe(true);
    const { signature, ...rest } = read(own) as { signature: string };
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
    expect(isSigned(read(JSON.stringify({ signature, ...rest })), KEY)).toBe(true);
  });

  test("is signed anew as if it had never been", () => {
    expect(written(read(own))).toBe(own);
    expect(written(read(written(backup(ID), "another")))).toBe(own);
  });

  test.each<[string, string]>([
    ["a row count is another", own.replace('"public.cases": 1000', '"public.cases": 1001')],
    ["the sum of the dump is another", own.replace("0".repeat(64), "1".repeat(64))],
    ["the id is another", own.replace(ID, "20261124T080103Z-1.4.2")],
    ["a field is gone", own.replace('"compression": "zstd",', "")],
    ["a field is added", own.replace("{", '{ "later": true,')],
    ["the signature is that of another backup", moved()],
    ["the signature is cut off", own.replace(/("signature": "[0-9a-f]{63})[0-9a-f]"/, '$1"')],
    ["the signature is empty", own.replace(/"signature": "[0-9a-f]+"/, '"signature": ""')],
    ["it has none", laid(backup(ID))],
    ["the key is another", written(backup(ID), KEY.toLowerCase())],
  ])("is not, where %s", (_, text) => {
    expect(text).not.toBe(own);
    expect(isSigned(JSON.parse(text) as object, KEY)).toBe(false);
  });

  test("is signed with what a later release has written, which this one does not read", () => {
    const later = written({ ...backup(ID), later: { kept: [1, 2] } });
    expect(isSigned(read(later), KEY)).toBe(true);
    expect(isSigned(parseManifest(later)?.manifest ?? {}, KEY)).toBe(false);
    expect(isSigned(read(later.replace("2\n", "3\n")), KEY)).toBe(false);
  });
});

test("a manifest that is written without a key has no signature, not even a former one", () => {
  expect(laid(signed(read(own), undefined))).toBe(laid(backup(ID)));
});

function moved(): string {
  const { signature } = read(written(backup("20261125T080102Z-1.4.2"))) as { signature: string };
  return JSON.stringify({ ...backup(ID), signature });
}
