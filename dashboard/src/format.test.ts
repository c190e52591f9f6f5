import { describe, expect, it } from "vitest";
import {
  formatChance,
  formatCount,
  formatInterval,
  formatLift,
  formatPValue,
  formatRate,
  formatShare,
  formatTimeAgo,
  percentDecimals,
  pluralize,
} from "./format";

const withPlainSpaces = (text: string) => text.replaceAll("\u202f", " ");

describe("a rate", () => {
  it("has the decimals that its interval supports", () => {
    expect(withPlainSpaces(formatRate(0.12, 0.101, 0.142))).toBe("12.0 %");
    expect(withPlainSpaces(formatRate(0.12, 0.1193, 0.1207))).toBe("12.00 %");
    expect(withPlainSpaces(formatRate(0.5, 0, 1))).toBe("50 %");
  });

  it("has at most four decimals", () => {
    expect(percentDecimals(0)).toBe(1);
    expect(percentDecimals(0.3)).toBe(0);
    expect(percentDecimals(0.004)).toBe(1);
    expect(percentDecimals(1e-9)).toBe(4);
  });

  it("has its unit once in an interval", () => {
    expect(withPlainSpaces(formatInterval(0.1, 0.142))).toBe("10.0 to 14.2 %");
    expect(withPlainSpaces(formatInterval(0.101, 0.1206))).toBe("10.1 to 12.1 %");
  });
});

describe("a chance", () => {
  it("is never rounded to 0 or 100 %", () => {
    expect(withPlainSpaces(formatChance(0.99739))).toBe("99.7 %");
    expect(withPlainSpaces(formatChance(0.99999))).toBe("> 99.9 %");
    expect(withPlainSpaces(formatChance(0.00001))).toBe("< 0.1 %");
    expect(withPlainSpaces(formatChance(0))).toBe("0 %");
    expect(withPlainSpaces(formatChance(1))).toBe("100 %");
    expect(withPlainSpaces(formatChance(0.62))).toBe("62 %");
  });
});

describe("other values", () => {
  it("are formatted for display", () => {
    expect(formatCount(12345)).toBe("12,345");
    expect(formatCount(12_340_000)).toBe("12.3M");
    expect(withPlainSpaces(formatLift(0.126))).toBe("+12.6 %");
    expect(withPlainSpaces(formatLift(-0.05))).toBe("\u22125.0 %");
    expect(withPlainSpaces(formatLift(-0.0001))).toBe("0.0 %");
    expect(withPlainSpaces(formatShare(0.042))).toBe("4.2 %");
    expect(formatPValue(0.00538)).toBe("p = 0.0054");
    expect(withPlainSpaces(formatPValue(2.4e-6))).toBe("p < 0.0001");
    expect(pluralize(1, "day")).toBe("1 day");
    expect(formatTimeAgo("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:03:20Z"))).toBe("3 min. ago");
    expect(formatTimeAgo("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:00:20Z"))).toBe("just now");
  });
});
