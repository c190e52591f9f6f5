import type { RowView, SummaryView, TableView } from "armful-client";
import { describe, expect, it } from "vitest";
import { asked, PAGE, pagesOf, rowAt, scaleTop, verdict, type View } from "./rows";

const VIEW: View = { search: " two words ", dimensions: {}, status: "active", column: "rate", descending: false };

function row(variant_id: string, chance = 0): RowView {
  return {
    variant_id,
    dimensions: {},
    status: "active",
    performance: { impressions: 100, successes: 10, success_rate: 0.1 },
    last_used: null,
    standing: {
      variant_id,
      lower_bound: 0.05,
      upper_bound: 0.17,
      chance_to_be_best: chance,
      recent_share: null,
      impressions: [],
      successes: [],
    },
  };
}

const SUMMARY: SummaryView = {
  active: 3,
  impressions: 300,
  untried: 0,
  contenders: 2,
  highest_bound: 0.17,
  leader: row("leader", 0.96),
};

const page = (...ids: string[]) => ({ rows: ids.map((id) => row(id)) }) as TableView;

describe("the table", () => {
  it("is asked for in pages", () => {
    expect(asked(VIEW, 2)).toMatchObject({ search: "two words", order: "ascending", offset: 2 * PAGE, limit: PAGE });
    expect(pagesOf(0, 30)).toEqual([]);
    expect(pagesOf(90, 330)).toEqual([1, 2, 3]);
    expect(pagesOf(420, 450)).toEqual([4]);
  });

  it("has the rows of the pages that are there", () => {
    const pages = new Map([
      [0, page("a", "b")],
      [2, page("c")],
    ]);
    expect(rowAt(pages, 1)?.variant_id).toBe("b");
    expect(rowAt(pages, 2 * PAGE)?.variant_id).toBe("c");
    expect(rowAt(pages, PAGE)).toBeUndefined();
  });

  it("has a scale that ends at a round figure", () => {
    expect(scaleTop(SUMMARY)).toBeCloseTo(0.2);
    expect(scaleTop({ ...SUMMARY, highest_bound: 0.032 })).toBeCloseTo(0.035);
    expect(scaleTop({ ...SUMMARY, highest_bound: 0 })).toBe(1);
  });

  it("is said in short", () => {
    expect(verdict(SUMMARY).title).toBe("A clear leader");
    expect(verdict({ ...SUMMARY, leader: row("leader", 0.8) }).title).toBe("A likely leader");
    expect(verdict({ ...SUMMARY, leader: row("leader", 0.4) }).next).toContain("2 variants");
    expect(verdict({ ...SUMMARY, untried: 1 }).next).toContain("tries it next");
    expect(verdict({ ...SUMMARY, active: 1 }).title).toBe("One variant only");
    expect(verdict({ ...SUMMARY, impressions: 0 }).leader).toBeNull();
    expect(verdict({ ...SUMMARY, active: 0, leader: null }).title).toBe("Nothing to compare yet");
  });
});
