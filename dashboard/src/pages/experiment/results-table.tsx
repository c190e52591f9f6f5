import type { ComparisonView, ExperimentView, PerformanceView, ResultsView } from "armful-client";
import { IntervalBar } from "../../charts/inline-charts";
import {
  formatChance,
  formatCount,
  formatInterval,
  formatLift,
  formatLiftInterval,
  formatPValue,
  formatRate,
  formatShare,
} from "../../format";
import { Icon } from "../../ui/icon";
import { Term } from "../../ui/tooltip";
import { Scrollable } from "../../ui/scrollable";

/** The results of each variant on the primary metric, in the order of the experiment, and a note on their significance. */
export function ResultsTable({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const highestBound = Math.max(
    0.01,
    ...Object.values(results.confidence_intervals).map(({ upper_bound }) => Math.min(upper_bound, 1)),
  );
  const axisMax = Object.values(results.variant_performance).some(({ impressions }) => impressions > 0)
    ? highestBound * 1.05
    : 1;
  const hasSequentialInterval = Object.values(results.comparisons).some(({ always_valid }) => always_valid !== null);
  return (
    <section className="card stack" aria-labelledby="results">
      <h2 id="results">Results: {experiment.success_metrics[0]}</h2>
      <Scrollable labelledBy="results">
        <table className="table results-table">
          <thead>
            <tr>
              <th scope="col">Variant</th>
              <th scope="col" className="numeric">
                <Term definition="Distinct participants; impressions, if updates name no participants">
                  Participants
                </Term>
              </th>
              <th scope="col">
                <Term definition="Success rate with its 95 % confidence interval (Wilson interval; weighted by propensity if traffic is adaptive)">
                  Success rate
                </Term>
              </th>
              <th scope="col">
                <Term definition="Relative difference from control's rate, with its 95 % confidence interval: valid at the planned end (fixed horizon)">
                  Lift over control
                </Term>
              </th>
              {hasSequentialInterval && (
                <th scope="col">
                  <Term definition="95 % confidence sequence of the lift: valid at any time, so you can check it every day">
                    Lift (sequential 95 % CI)
                  </Term>
                </th>
              )}
              <th scope="col" className="numeric">
                <Term definition="Posterior probability that this variant has the highest rate in the experiment">
                  Chance to be best
                </Term>
              </th>
              <th scope="col" className="numeric">
                <Term definition="The success rate that you give up on average by choosing this variant">
                  Expected loss
                </Term>
              </th>
            </tr>
          </thead>
          <tbody>
            {experiment.variants.map(({ variant_id, traffic_allocation, floor = 0 }) => {
              const performance = results.variant_performance[variant_id];
              const bounds = results.confidence_intervals[variant_id];
              const bayes = results.bayesian[variant_id];
              const comparison = results.comparisons[variant_id];
              const participants = results.sample_ratio.participants[variant_id] ?? 0;
              return (
                <tr key={variant_id}>
                  <th scope="row" className="break-anywhere">
                    {variant_id}
                    <span className="row" style={{ gap: "0.3rem" }}>
                      {variant_id === experiment.control_variant_id && <span className="tag">control</span>}
                      {variant_id === results.results_summary.winner_variant_id && (
                        <span className="tag positive">
                          <Icon name="check" size={12} /> winner
                        </span>
                      )}
                      {comparison?.verdict === "worse" && <span className="tag negative">worse than control</span>}
                      {variant_id === experiment.promoted_variant_id && <span className="tag positive">promoted</span>}
                    </span>
                  </th>
                  <td className="numeric" data-label="Participants">
                    {formatCount(participants)}
                    <small>
                      {experiment.allocation === "thompson"
                        ? `minimum ${formatShare(floor)}`
                        : `planned ${formatShare(traffic_allocation)}`}
                    </small>
                  </td>
                  <td data-label="Success rate">
                    {performance && bounds ? (
                      <RateCell
                        performance={performance}
                        lower={bounds.lower_bound}
                        upper={bounds.upper_bound}
                        axisMax={axisMax}
                      />
                    ) : (
                      "–"
                    )}
                  </td>
                  <td className="number" data-label="Lift over control">
                    {comparison ? <LiftCell comparison={comparison} /> : <span className="muted">–</span>}
                  </td>
                  {hasSequentialInterval && (
                    <td className="number" data-label="Lift (sequential 95 % CI)">
                      {comparison?.always_valid ? (
                        <>
                          {formatLiftInterval(...comparison.always_valid.lift_interval)}
                          <small>
                            {formatPValue(comparison.always_valid.adjusted_p_value ?? comparison.always_valid.p_value)}
                          </small>
                        </>
                      ) : (
                        <span className="muted">–</span>
                      )}
                    </td>
                  )}
                  <td className="numeric" data-label="Chance to be best">
                    {bayes ? formatChance(bayes.chance_to_be_best) : "–"}
                  </td>
                  <td className="numeric" data-label="Expected loss">
                    {bayes ? formatShare(bayes.expected_loss) : "–"}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Scrollable>
      <SignificanceNote results={results} />
    </section>
  );
}

function RateCell({
  performance: { impressions, success_rate },
  lower,
  upper,
  axisMax,
}: {
  performance: PerformanceView;
  lower: number;
  upper: number;
  axisMax: number;
}) {
  if (impressions === 0) return <span className="muted">not shown yet</span>;
  return (
    <span className="number">
      <strong>{formatRate(success_rate, lower, upper)}</strong>{" "}
      <small className="inline">{formatInterval(lower, upper)}</small>
      <IntervalBar value={success_rate} lower={lower} upper={upper} max={axisMax} />
    </span>
  );
}

function LiftCell({ comparison }: { comparison: ComparisonView }) {
  return (
    <>
      <strong>{comparison.lift === null ? "–" : formatLift(comparison.lift)}</strong>
      <small>{formatLiftInterval(...comparison.lift_interval)}</small>
      {comparison.p_value !== null && <small>{formatPValue(comparison.adjusted_p_value ?? comparison.p_value)}</small>}
    </>
  );
}

/** Whether the leading variant differs significantly from control, by which test, and the power of the experiment. */
function SignificanceNote({
  results: { statistical_significance: significance, sample_ratio },
}: {
  results: ResultsView;
}) {
  if (sample_ratio.alarm) {
    return (
      <p className="small muted">Significance is not assessed while the traffic does not follow the planned split.</p>
    );
  }
  const isFixedHorizon = significance.follows === "fixed_horizon";
  return (
    <p className="small muted">
      {significance.is_significant
        ? "The difference is statistically significant"
        : "No statistically significant difference so far"}
      {significance.leading_variant_id !== null && <> ({significance.leading_variant_id} against control)</>} by the{" "}
      {isFixedHorizon ? (
        <Term
          definition={`p-value at the planned end below ${significance.alpha_end.toPrecision(2)}, or always-valid p-value below ${significance.alpha_ever.toPrecision(2)}, with Holm's correction for the number of comparisons. Both levels share 5 %`}
        >
          test at the planned end
        </Term>
      ) : (
        <Term
          definition={`Always-valid p-value below ${significance.alpha_ever.toPrecision(2)}, with Holm's correction for the number of comparisons: checking early does not raise the false-positive rate`}
        >
          sequential test, valid at any time
        </Term>
      )}
      .{" "}
      {significance.minimum_detectable_effect !== null && (
        <>
          With the current sample size, there is 80 % power to detect a{" "}
          <Term definition="Minimum detectable effect, as a difference of rates">difference</Term> of{" "}
          {formatRate(significance.minimum_detectable_effect, 0, 0.04)}.
        </>
      )}
    </p>
  );
}
