import type { DefinitionView } from "armful-client";
import { describe, expect, it } from "vitest";
import { formatValue, formatValueOf, limitNote, valueName } from "./metric";

const NUMBER: DefinitionView = { type: "number", unit: "participant", goal: "increase", winsorize: 0.99, limit: null };
const VALUES = {
  a: { value: 12.345, standard_error: 0.4, total: 1234.5, limited: 0 },
  b: { value: null, standard_error: null, total: 0, limited: 3 },
};

describe("a metric", () => {
  it("is called by its type and unit", () => {
    expect(valueName(undefined)).toBe("Conversion rate");
    expect(valueName({ ...NUMBER, type: "binary" })).toBe("Conversion rate");
    expect(valueName(NUMBER)).toBe("Mean per participant");
    expect(valueName({ ...NUMBER, unit: "impression" })).toBe("Mean per impression");
    expect(valueName({ ...NUMBER, type: "binary", unit: "impression" })).toBe("Successes per impression");
  });

  it("is a number or a percentage", () => {
    expect(formatValue(12.3456, NUMBER)).toBe("12.35");
    expect(formatValue(12.3456, NUMBER, 10, 14)).toBe("12.3");
    expect(formatValue(0.5, { ...NUMBER, type: "binary" })).toBe("50.0\u202f%");
    expect(formatValueOf({ participants: {}, definition: NUMBER, values: VALUES }, "a")).toBe("12.35");
    expect(formatValueOf({ participants: {}, definition: NUMBER, values: VALUES }, "b")).toBe("–");
    const people = { a: { participants: 10, converted: 1, conversion_rate: 0.1 } };
    expect(formatValueOf({ participants: people }, "a")).toBe("10.0\u202f%");
    expect(formatValueOf({ participants: people }, "c")).toBe("–");
  });

  it("says which values were limited", () => {
    expect(limitNote({})).toBeNull();
    expect(limitNote({ definition: { ...NUMBER, winsorize: null } })).toBeNull();
    expect(limitNote({ definition: NUMBER, values: VALUES })).toContain("so far none");
    expect(limitNote({ definition: { ...NUMBER, limit: 80 }, values: VALUES })).toContain(
      "Values beyond 80 count as 80, the 99\u202f% quantile of those that are not 0. That concerns participants: 0 of a, 3 of b.",
    );
  });
});
