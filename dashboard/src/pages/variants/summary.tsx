import type { SummaryView } from "armful-client";
import { Link } from "react-router";
import { formatChance, formatInterval, formatRate } from "../../format";
import { Term } from "../../ui/tooltip";
import { summarize } from "./summarize";

/** The state of all active variants in two sentences, with the leading variant. */
export function VariantsSummary({ summary, severalPools }: { summary: SummaryView; severalPools: boolean }) {
  const { title, advice, leader } = summarize(summary, severalPools);
  return (
    <section className="card summary" aria-label="Summary">
      <div>
        <h2>{title}</h2>
        <p>{advice}</p>
      </div>
      {leader?.standing && (
        <div className="leader">
          <Link className="break-anywhere" to={`/variants/${encodeURIComponent(leader.variant_id)}`}>
            <strong>{leader.variant_id}</strong>
          </Link>
          <p className="small number">
            {formatChance(leader.standing.chance_to_be_best)}{" "}
            <Term definition="Posterior probability that this variant has the highest rate of the active variants that it competes with">
              chance to be best
            </Term>
            , success rate{" "}
            {formatRate(leader.performance.success_rate, leader.standing.lower_bound, leader.standing.upper_bound)},{" "}
            <Term definition="Wilson score interval">95 % interval</Term>:{" "}
            {formatInterval(leader.standing.lower_bound, leader.standing.upper_bound)}
          </p>
        </div>
      )}
    </section>
  );
}
