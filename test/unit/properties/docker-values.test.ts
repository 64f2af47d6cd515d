import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cpuShare, goDuration } from "../../../components/release/containers/canonical";
import { spelled } from "../../../components/host/docker/spelling";
import { address, domainName } from "../../../components/settings/domain";
import { schema } from "../../../components/settings/schema";
import { bodySize, memory } from "../../../components/settings/sizes";

describe("a duration in Go's spelling", () => {
  test("is as Go writes it, and says how many seconds it is", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.nat(200_000),
          fc.nat(100),
          fc.nat(60).map((minutes) => minutes * 60),
        ),
        (seconds) => {
          const spelling = goDuration(seconds);
          const [, hours, minutes, rest] = /^(?:([1-9]\d*)h)?(?:(\d+)m)?(\d+)s$/.exec(spelling) ?? [];
          expect(Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(rest)).toBe(seconds);
          expect(Math.max(Number(minutes ?? 0), Number(rest))).toBeLessThan(60);
          expect([hours !== undefined, minutes !== undefined]).toEqual([seconds >= 3600, seconds >= 60]);
          for (const part of [minutes, rest]) expect(part ?? "0").toBe(String(Number(part ?? 0)));
        },
      ),
    );
  });
});

/**
 * What the provider reads back of a number of CPUs: `nanoInt64ToDecimalString`, with its ways of leaving out zeros.
 * https://github.com/kreuzwerker/terraform-provider-docker/blob/96d331c98ff4/internal/provider/helpers.go
 */
function readBack(share: string): string {
  const digits = nano(share).toString().padStart(10, "0");
  const text = `${digits.slice(0, -9)}.${digits.slice(-9)}`;
  if (text.split("0").length - 1 !== 9) return text.replace(/0+$/, "");
  const tenths = (nano(share) + 50_000_000n) / 100_000_000n;
  return `${tenths / 10n}.${tenths % 10n}`;
}

/** Billionths of a CPU, which is what Docker counts; it refuses what is more exact. */
function nano(share: string): bigint {
  const [, whole = "", fraction = ""] = /^(\d+)\.?(\d{0,9})$/.exec(share) ?? [];
  return BigInt(whole) * 1_000_000_000n + BigInt(fraction.padEnd(9, "0"));
}

/** Numbers of CPUs: with few digits, as operators write them, and any other number. */
const cpus = fc.oneof(
  fc.integer({ min: 0, max: 530 }),
  fc.nat(5300).map((tenths) => tenths / 10),
  fc.nat(12_000).map((hundredths) => hundredths / 100),
  fc.nat(2000).map((thousandths) => thousandths / 1000),
  fc.nat(2_000_000_000).map((billionths) => billionths / 1_000_000_000),
  fc.double({ min: 0, max: 513, noNaN: true }),
);
const resources = (asked: object) => schema.shape.resources.safeParse({ api: asked });

describe("the CPUs of a container", () => {
  test("are read back as they are asked for, whatever number is accepted", () => {
    fc.assert(
      fc.property(cpus, (asked) => {
        const { success, data } = resources({ cpus: asked });
        if (!success) return;
        const share = cpuShare(data.api.cpus ?? 0);
        expect(readBack(share)).toBe(share);
        expect(Number(share)).toBe(asked);
      }),
      { numRuns: 500 },
    );
  });

  test("are accepted in tenths and halves, quarters and eighths of one, and whole", () => {
    const usual = fc
      .tuple(fc.nat(64), fc.constantFrom("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "25", "75", "125"))
      .map(([whole, part]) => Number(`${whole}.${part}`))
      .filter((asked) => asked > 0);
    fc.assert(fc.property(usual, (asked) => resources({ cpus: asked }).success));
  });
});

describe("a size", () => {
  const unit = fc.mixedCase(fc.constantFrom("m", "mb", "mib", "g", "gb", "gib"));
  const spelling = fc.tuple(
    fc.constantFrom("", " ", "\t"),
    fc.constantFrom("", "0", "00"),
    fc.constantFrom("", " "),
    unit,
  );

  test.each([
    ["memory", memory(), 32, 4_194_304],
    ["the body of a request", bodySize(), 1, 1_048_576],
  ])("of %s is one number of megabytes, in whatever spelling", (_, field, least, most) => {
    const amount = fc.oneof(
      fc.nat(2 * most),
      fc.nat(100),
      fc.constantFrom(least - 1, least, most, most + 1, most / 1024),
    );
    fc.assert(
      fc.property(amount, spelling, (number, [space, zeros, gap, given]) => {
        const read = field.safeParse(`${space}${zeros}${number}${gap}${given}${space}`);
        const megabytes = number * (/^g/i.test(given) ? 1024 : 1);
        expect(read.success ? read.data : undefined).toBe(
          megabytes >= least && megabytes <= most ? megabytes : undefined,
        );
        if (read.success) expect(field.parse(`${read.data}MB`)).toBe(read.data);
      }),
    );
  });

  test("of anything else is refused", () => {
    const other = fc.oneof(fc.anything(), fc.string(), fc.stringMatching(/^-?\d+[.,]\d+ ?[mg]b$/));
    fc.assert(
      fc.property(other, (given) => {
        fc.pre(typeof given !== "string" || !/^\s*\d+\s?[mg](?:i?b)?\s*$/i.test(given));
        expect(memory().safeParse(given).success).toBe(false);
      }),
    );
  });
});

describe("an address", () => {
  /** The same IPv6 address in another spelling: upper case, leading zeros, with or without a gap. */
  const respelled = fc.tuple(fc.ipV6(), fc.boolean(), fc.integer({ min: 1, max: 4 })).map(([given, upper, width]) => {
    const groups = given.replace(/[0-9a-f]+(?![0-9a-f.])/gi, (group) => group.padStart(width, "0").slice(-4));
    const other = given.includes(".") ? given : groups;
    return [given, upper ? other.toUpperCase() : other.toLowerCase()] as const;
  });

  test("of IPv6 has one spelling", () => {
    fc.assert(
      fc.property(respelled, ([given, other]) => {
        const canonical = address().parse(given);
        expect(address().parse(other)).toBe(canonical);
        expect(address().parse(canonical)).toBe(canonical);
        if (canonical !== "::") expect(domainName().parse(other)).toBe(canonical);
      }),
    );
  });

  test("of IPv4 is as it is", () => {
    fc.assert(fc.property(fc.ipV4(), (given) => address().parse(given) === given));
  });
});

describe("a docker command in a message", () => {
  const option = fc.constantFrom("--env", "-e", "--build-arg", "--label");
  const name = fc.stringMatching(/^[A-Z]{1,8}$/);
  const secret = fc.stringMatching(/^[0-9]{12,20}$/);
  const word = fc.stringMatching(/^[a-z \n\t-]{0,60}$/);

  test("is one line that is not long, without what an environment variable is set to", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.tuple(option, name, secret)), { maxLength: 24, size: "max" }), (parts) => {
        const args = parts.flatMap((part) =>
          typeof part === "string" ? [part] : [part[0], `${part[1]}=${part[2]}=\n${part[2]}`],
        );
        const line = spelled(args);
        expect(line).not.toMatch(/[\n\t]/);
        expect(line).not.toMatch(/\d{3}/);
        expect(line.length).toBeLessThanOrEqual(201);
        expect(line.startsWith("docker")).toBe(true);
      }),
    );
  });
});
