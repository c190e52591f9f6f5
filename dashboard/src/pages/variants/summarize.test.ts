import type { RowView, SummaryView } from "armful-client";
import { describe, expect, it } from "vitest";
import { summarize } from "./summarize";

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

describe("summarize", () => {
  it("names a leader as soon as its chance to be best is high", () => {
    expect(summarize(SUMMARY).title).toBe("A clear leader");
    expect(summarize({ ...SUMMARY, leader: row("leader", 0.8) }).title).toBe("A likely leader");
    expect(summarize({ ...SUMMARY, leader: row("leader", 0.4) }).advice).toContain("2 variants");
  });

  it("asks for a pool where variants of several do not compete", () => {
    const several: SummaryView = {
      active: 2,
      impressions: 200,
      untried: 0,
      contenders: 2,
      highest_bound: 0.2,
      leader: null,
    };
    expect(summarize(several, true).title).toBe("Several pools");
    expect(summarize({ ...several, leader: row("a", 0.99) }, true).title).toBe("A clear leader");
    expect(summarize(several, false).title).toBe("Too early to tell");
  });

  it("says what is missing for a comparison", () => {
    expect(summarize({ ...SUMMARY, untried: 1 }).advice).toContain("try it next");
    expect(summarize({ ...SUMMARY, active: 1 }).title).toBe("Only one variant");
    expect(summarize({ ...SUMMARY, impressions: 0 }).leader).toBeNull();
    expect(summarize({ ...SUMMARY, active: 0, leader: null }).title).toBe("No active variants");
  });
});
