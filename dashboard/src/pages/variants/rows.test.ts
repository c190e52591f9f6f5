import type { StandingView, VariantView } from "armful-client";
import { describe, expect, it } from "vitest";
import { arrange, facets, join, type Row, scaleTop, verdict, type View } from "./rows";

function row(id: string, impressions: number, successes: number, chance: number, dimensions = {}): Row {
  const variant: VariantView = {
    variant_id: id,
    dimensions,
    performance: { impressions, successes, success_rate: impressions ? successes / impressions : 0 },
    last_used: null,
    content: null,
    prior_alpha: 1,
    prior_beta: 1,
    status: "active",
    created_at: "2026-01-01T00:00:00Z",
  };
  const standing: StandingView = {
    variant_id: id,
    lower_bound: 0.1,
    upper_bound: 0.142,
    chance_to_be_best: chance,
    recent_share: null,
    impressions: [],
    successes: [],
  };
  return { variant, standing };
}

const VIEW: View = { search: "", dimensions: {}, column: "chance", descending: true };
const ids = (rows: Row[]) => rows.map(({ variant }) => variant.variant_id);

describe("the table's rows", () => {
  const rows = [
    row("v2", 1000, 120, 0.7, { tone: "casual", length: "short" }),
    row("v10", 1000, 100, 0.2, { tone: "formal" }),
    row("v1", 500, 10, 0.1, { tone: "casual" }),
  ];

  it("are sorted by figures, then by name as people count", () => {
    expect(ids(arrange(rows, VIEW))).toEqual(["v2", "v10", "v1"]);
    expect(ids(arrange(rows, { ...VIEW, column: "name", descending: false }))).toEqual(["v1", "v2", "v10"]);
    expect(ids(arrange(rows, { ...VIEW, column: "impressions", descending: false }))).toEqual(["v1", "v2", "v10"]);
  });

  it("are found by all words, anywhere, and filtered by dimensions", () => {
    expect(ids(arrange(rows, { ...VIEW, search: "CASUAL v1" }))).toEqual(["v1"]);
    expect(ids(arrange(rows, { ...VIEW, dimensions: { tone: "casual", length: "short" } }))).toEqual(["v2"]);
    expect(facets(rows).get("tone")).toEqual(
      new Map([
        ["casual", 2],
        ["formal", 1],
      ]),
    );
  });

  it("share a scale that ends on a round number", () => {
    expect(scaleTop(rows)).toBeCloseTo(0.15);
    expect(scaleTop([])).toBe(1);
  });

  it("stand nowhere when archived", () => {
    expect(join([row("a", 1, 1, 1).variant], undefined)[0]?.standing).toBeNull();
  });
});

describe("the verdict", () => {
  it("says how sure it is", () => {
    expect(verdict([]).title).toBe("Nothing to compare yet");
    expect(verdict([row("a", 9, 1, 1)]).title).toBe("One variant only");
    expect(verdict([row("a", 0, 0, 0.5), row("b", 0, 0, 0.5)]).title).toBe("Nothing was shown yet");
    expect(verdict([row("a", 99, 1, 0.4), row("b", 99, 1, 0.6)]).title).toBe("Too early to tell");
    expect(verdict([row("a", 99, 1, 0.2), row("b", 99, 1, 0.8)]).title).toBe("A likely leader");
    expect(verdict([row("a", 99, 1, 0.01), row("b", 99, 1, 0.99)]).leader?.variant.variant_id).toBe("b");
  });

  it("calls no variant a leader for being unknown", () => {
    const { title, leader } = verdict([row("new", 0, 0, 0.9), row("old", 500, 60, 0.1)]);
    expect(title).toBe("Still trying");
    expect(leader?.variant.variant_id).toBe("old");
  });
});
