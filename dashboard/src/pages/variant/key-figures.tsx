import type { StandingView, StatsView, VariantView } from "armful-client";
import { formatChance, formatCount, formatInterval, formatRate, formatShare, formatTimeAgo } from "../../format";
import { Term } from "../../ui/tooltip";

/** The variant's success rate, impressions, chance to be best and recent share of selections. */
export function KeyFigures({
  variant,
  stats,
  standing,
}: {
  variant: VariantView;
  stats: StatsView;
  /** Missing if the variant is archived. */
  standing: StandingView | undefined;
}) {
  const { impressions, successes, success_rate } = stats.performance;
  const { lower_bound, upper_bound } = stats.confidence_intervals;
  return (
    <dl className="key-figures card">
      <div className="key-figure">
        <dt>
          <Term definition="Successes per impression, with the 95 % Wilson score interval">Success rate</Term>
        </dt>
        <dd>
          {impressions === 0 ? "–" : formatRate(success_rate, lower_bound, upper_bound)}
          <small>{impressions === 0 ? "not shown yet" : formatInterval(lower_bound, upper_bound)}</small>
        </dd>
      </div>
      <div className="key-figure">
        <dt>Impressions</dt>
        <dd>
          {formatCount(impressions)}
          <small>{formatCount(successes)} successes</small>
        </dd>
      </div>
      <div className="key-figure">
        <dt>
          <Term definition="Posterior probability that this variant has the highest rate of all active variants">
            Chance to be best
          </Term>
        </dt>
        <dd>
          {standing ? formatChance(standing.chance_to_be_best) : "–"}
          <small>{standing ? "of all active variants" : "archived variants are not compared"}</small>
        </dd>
      </div>
      <div className="key-figure">
        <dt>
          <Term definition="Share of all selections of the last 7 days">Recent share</Term>
        </dt>
        <dd>
          {standing && standing.recent_share !== null ? formatShare(standing.recent_share) : "–"}
          <small>
            {variant.last_used === null ? "never selected" : `last selected ${formatTimeAgo(variant.last_used)}`}
          </small>
        </dd>
      </div>
    </dl>
  );
}
