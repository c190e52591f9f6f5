import type { StatsView, VariantHistory, VariantView } from "armful-client";
import { useState } from "react";
import { ChartLegend } from "../../charts/chart";
import { PosteriorChart } from "../../charts/posterior-chart";
import { formatCount } from "../../format";
import { Term } from "../../ui/tooltip";
import { posteriorBefore } from "./past-posterior";

const DAYS_BACK = [1, 7, 30];

/** The variant's posterior now and as it was some days ago. */
export function PosteriorComparison({
  variant,
  stats,
  history,
}: {
  variant: VariantView;
  stats: StatsView;
  history: VariantHistory;
}) {
  const [daysBack, setDaysBack] = useState(7);
  const { alpha, beta, expected_value } = stats.thompson_sampling_stats;
  const prior = { alpha: variant.prior_alpha, beta: variant.prior_beta };
  const past = posteriorBefore({ alpha, beta }, prior, history, daysBack);
  const pastLabel = daysBack === 1 ? "Before today" : `${daysBack} days ago`;
  return (
    <section className="card stack" aria-labelledby="posterior">
      <div className="row-between">
        <h2 id="posterior">Posterior distribution</h2>
        <div className="segmented" role="group" aria-label="Compare with">
          {DAYS_BACK.map((days) => (
            <button key={days} type="button" aria-pressed={days === daysBack} onClick={() => setDaysBack(days)}>
              {days === 1 ? "1 day" : `${days} days`}
            </button>
          ))}
        </div>
      </div>
      <p className="small muted">
        The higher the{" "}
        <Term
          definition={`Posterior Beta(${formatCount(alpha)}, ${formatCount(beta)}), mean ${(expected_value * 100).toFixed(2)} %`}
        >
          curve
        </Term>
        , the more plausible the rate. The curve gets narrower with every result.
      </p>
      <ChartLegend
        entries={[
          { label: "Now", series: 1 },
          { label: pastLabel, series: 7, dashed: true },
        ]}
      />
      <PosteriorChart
        curves={[
          { id: "past", label: pastLabel, ...past, series: 7, past: true },
          { id: "now", label: "Now", alpha, beta, series: 1 },
        ]}
      />
    </section>
  );
}
