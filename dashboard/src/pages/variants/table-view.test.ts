import type { RowView, SummaryView, TableView } from "armful-client";
import { describe, expect, it } from "vitest";
import { axisMax, PAGE_SIZE, pageQuery, pagesToLoad, rowAt, type View } from "./table-view";

const VIEW: View = {
  search: " two words ",
  dimensions: {},
  pool: null,
  status: "active",
  column: "rate",
  descending: false,
};

function row(variant_id: string, chance = 0): RowView {
  return {
    variant_id,
    dimensions: {},
    status: "active",
    performance: { impressions: 100, successes: 10, success_rate: 0.1 },
    last_used: null,
    pool: null,
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

describe("the table view", () => {
  it("loads rows in pages", () => {
    expect(pageQuery(VIEW, 2)).toMatchObject({
      search: "two words",
      order: "ascending",
      offset: 2 * PAGE_SIZE,
      limit: PAGE_SIZE,
    });
    expect(pagesToLoad(0, 30)).toEqual([]);
    expect(pagesToLoad(90, 330)).toEqual([1, 2, 3]);
    expect(pagesToLoad(420, 450)).toEqual([4]);
  });

  it("asks for the chosen pool", () => {
    expect(pageQuery(VIEW, 0)).not.toHaveProperty("pool");
    expect(pageQuery({ ...VIEW, pool: "" }, 0).pool).toBe("");
    expect(pageQuery({ ...VIEW, pool: "subject" }, 0).pool).toBe("subject");
  });

  it("finds rows in the loaded pages", () => {
    const pages = new Map([
      [0, page("a", "b")],
      [2, page("c")],
    ]);
    expect(rowAt(pages, 1)?.variant_id).toBe("b");
    expect(rowAt(pages, 2 * PAGE_SIZE)?.variant_id).toBe("c");
    expect(rowAt(pages, PAGE_SIZE)).toBeUndefined();
  });

  it("ends its axis at a round number", () => {
    expect(axisMax(SUMMARY)).toBeCloseTo(0.2);
    expect(axisMax({ ...SUMMARY, highest_bound: 0.032 })).toBeCloseTo(0.035);
    expect(axisMax({ ...SUMMARY, highest_bound: 0 })).toBe(1);
  });
});
