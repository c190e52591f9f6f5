import { describe, expect, it } from "vitest";
import { ago, chance, count, decimals, interval, lift, pValue, rate, share, things } from "./format";

const plain = (text: string) => text.replaceAll("\u202f", " ");

describe("a rate", () => {
  it("shows the digits its interval supports", () => {
    expect(plain(rate(0.12, 0.101, 0.142))).toBe("12.0 %");
    expect(plain(rate(0.12, 0.1193, 0.1207))).toBe("12.00 %");
    expect(plain(rate(0.5, 0, 1))).toBe("50 %");
  });

  it("has decimals down to a limit", () => {
    expect(decimals(0)).toBe(1);
    expect(decimals(0.3)).toBe(0);
    expect(decimals(0.004)).toBe(1);
    expect(decimals(1e-9)).toBe(4);
  });

  it("bears its unit once in an interval", () => {
    expect(plain(interval(0.1, 0.142))).toBe("10.0 to 14.2 %");
    expect(plain(interval(0.101, 0.1206))).toBe("10.1 to 12.1 %");
  });
});

describe("a chance", () => {
  it("is never rounded to certainty", () => {
    expect(plain(chance(0.99739))).toBe("99.7 %");
    expect(plain(chance(0.99999))).toBe("> 99.9 %");
    expect(plain(chance(0.00001))).toBe("< 0.1 %");
    expect(plain(chance(0))).toBe("0 %");
    expect(plain(chance(1))).toBe("100 %");
    expect(plain(chance(0.62))).toBe("62 %");
  });
});

describe("other figures", () => {
  it("are words people read", () => {
    expect(count(12345)).toBe("12,345");
    expect(count(12_340_000)).toBe("12.3M");
    expect(plain(lift(0.126))).toBe("+12.6 %");
    expect(plain(lift(-0.05))).toBe("\u22125.0 %");
    expect(plain(lift(-0.0001))).toBe("0.0 %");
    expect(plain(share(0.042))).toBe("4.2 %");
    expect(pValue(0.00538)).toBe("p = 0.0054");
    expect(plain(pValue(2.4e-6))).toBe("p < 0.0001");
    expect(things(1, "day")).toBe("1 day");
    expect(ago("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:03:20Z"))).toBe("3 min. ago");
    expect(ago("2026-01-01T00:00:00Z", Date.parse("2026-01-01T00:00:20Z"))).toBe("just now");
  });
});
