import type { RowView, SummaryView } from "armful-client";

const CLEAR_LEADER_CHANCE = 0.95;
const LIKELY_LEADER_CHANCE = 0.7;

/** Say in a title and a sentence how far armful has found the best variant, and what to do next. */
export function summarize(
  { active, impressions, untried, contenders, leader }: SummaryView,
  severalPools = false,
): {
  title: string;
  advice: string;
  leader: RowView | null;
} {
  if (active === 0) {
    return { title: "No active variants", advice: "Create variants, then show the ones that armful selects.", leader };
  }
  if (active === 1) {
    return { title: "Only one variant", advice: "Add another one, so that there is something to choose from.", leader };
  }
  if (severalPools && leader === null) {
    return {
      title: "Several pools",
      advice: "Variants of different pools do not compete. Choose a pool to see which of its variants leads.",
      leader,
    };
  }
  if (impressions === 0) {
    return {
      title: "No impressions yet",
      advice: "Show the variants that armful selects, and report the outcomes.",
      leader: null,
    };
  }
  if (untried > 0) {
    return {
      title: "Still exploring",
      advice:
        untried === 1
          ? "One variant has very little data. armful will try it next."
          : `${untried} variants have very little data. armful will try them next.`,
      leader,
    };
  }
  const chance = leader?.standing?.chance_to_be_best ?? 0;
  if (chance >= CLEAR_LEADER_CHANCE) {
    return { title: "A clear leader", advice: "It gets nearly all selections. Test new variants against it.", leader };
  }
  if (chance >= LIKELY_LEADER_CHANCE) {
    return { title: "A likely leader", advice: "Keep running: little doubt remains.", leader };
  }
  return {
    title: "Too early to tell",
    advice: `${contenders === 0 ? "Many" : contenders} variants may still be the best. Keep showing the ones that armful selects.`,
    leader,
  };
}
