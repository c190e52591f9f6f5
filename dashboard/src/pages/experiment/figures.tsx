import type { ComparisonView, ExperimentView, PerformanceView, ResultsView } from "armful-client";
import { IntervalBar } from "../../charts/small";
import { chance, count, interval, lift, liftInterval, pValue, rate, share } from "../../format";
import { Icon } from "../../ui/icon";
import { Term } from "../../ui/tip";
import { Scroll } from "../../ui/scroll";

/** The variants side by side, control first as it is listed. */
export function Figures({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const top = Math.max(
    0.01,
    ...Object.values(results.confidence_intervals).map(({ upper_bound }) => Math.min(upper_bound, 1)),
  );
  const scale = Object.values(results.variant_performance).some(({ impressions }) => impressions > 0) ? top * 1.05 : 1;
  const always = Object.values(results.comparisons).some(({ always_valid }) => always_valid !== null);
  return (
    <section className="card stack" aria-labelledby="figures">
      <h2 id="figures">Results: {experiment.success_metrics[0]}</h2>
      <Scroll labelledBy="figures">
        <table className="table figures">
          <thead>
            <tr>
              <th scope="col">Variant</th>
              <th scope="col" className="num">
                <Term exact="Distinct participants, or impressions where none are named">Participants</Term>
              </th>
              <th scope="col">
                <Term exact="Success rate with its 95 % confidence interval (Wilson; by propensities under adaptive traffic)">
                  Rate
                </Term>
              </th>
              <th scope="col">
                <Term exact="Relative difference of the rates against control, with its 95 % confidence interval: holds at the planned end (fixed horizon)">
                  Lift over control
                </Term>
              </th>
              {always && (
                <th scope="col">
                  <Term exact="95 % confidence sequence of the lift: holds at every look, so it may be watched every day">
                    Lift, watched daily
                  </Term>
                </th>
              )}
              <th scope="col" className="num">
                <Term exact="Posterior probability of the highest rate among these variants">Chance to be best</Term>
              </th>
              <th scope="col" className="num">
                <Term exact="Expected loss: the rate given up on average by choosing this variant">Risk</Term>
              </th>
            </tr>
          </thead>
          <tbody>
            {experiment.variants.map(({ variant_id, traffic_allocation }) => {
              const seen = results.variant_performance[variant_id];
              const bounds = results.confidence_intervals[variant_id];
              const bayes = results.bayesian[variant_id];
              const comparison = results.comparisons[variant_id];
              const participants = results.sample_ratio.participants[variant_id] ?? 0;
              return (
                <tr key={variant_id}>
                  <th scope="row" className="break">
                    {variant_id}
                    <span className="row" style={{ gap: "0.3rem" }}>
                      {variant_id === experiment.control_variant_id && <span className="tag">control</span>}
                      {variant_id === results.results_summary.winner_variant_id && (
                        <span className="tag won">
                          <Icon name="check" size={12} /> winner
                        </span>
                      )}
                      {variant_id === experiment.promoted_variant_id && <span className="tag won">promoted</span>}
                    </span>
                  </th>
                  <td className="num" data-label="Participants">
                    {count(participants)}
                    <small>planned {share(traffic_allocation)}</small>
                  </td>
                  <td data-label="Rate">
                    {seen && bounds ? (
                      <Rate seen={seen} lower={bounds.lower_bound} upper={bounds.upper_bound} top={scale} />
                    ) : (
                      "–"
                    )}
                  </td>
                  <td className="number" data-label="Lift over control">
                    {comparison ? <Lift comparison={comparison} /> : <span className="quiet">–</span>}
                  </td>
                  {always && (
                    <td className="number" data-label="Lift, watched daily">
                      {comparison?.always_valid ? (
                        <>
                          {liftInterval(...comparison.always_valid.lift_interval)}
                          <small>
                            {pValue(comparison.always_valid.adjusted_p_value ?? comparison.always_valid.p_value)}
                          </small>
                        </>
                      ) : (
                        <span className="quiet">–</span>
                      )}
                    </td>
                  )}
                  <td className="num" data-label="Chance to be best">
                    {bayes ? chance(bayes.chance_to_be_best) : "–"}
                  </td>
                  <td className="num" data-label="Risk">
                    {bayes ? share(bayes.expected_loss) : "–"}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Scroll>
      <Significance results={results} />
    </section>
  );
}

function Rate({ seen, lower, upper, top }: { seen: PerformanceView; lower: number; upper: number; top: number }) {
  if (seen.impressions === 0) return <span className="quiet">not shown yet</span>;
  return (
    <span className="number">
      <strong>{rate(seen.success_rate, lower, upper)}</strong> <small className="same">{interval(lower, upper)}</small>
      <IntervalBar value={seen.success_rate} lower={lower} upper={upper} top={top} />
    </span>
  );
}

function Lift({ comparison }: { comparison: ComparisonView }) {
  return (
    <>
      <strong>{comparison.lift === null ? "–" : lift(comparison.lift)}</strong>
      <small>{liftInterval(...comparison.lift_interval)}</small>
      {comparison.p_value !== null && <small>{pValue(comparison.adjusted_p_value ?? comparison.p_value)}</small>}
    </>
  );
}

function Significance({ results: { statistical_significance: s, sample_ratio } }: { results: ResultsView }) {
  if (sample_ratio.alarm) {
    return <p className="small quiet">Nothing is judged here while the traffic does not follow the planned split.</p>;
  }
  return (
    <p className="small quiet">
      {s.is_significant ? "The difference is more than chance explains" : "No difference beyond chance so far"}
      {s.leading_variant_id !== null && <> (for {s.leading_variant_id})</>}, judged by the{" "}
      {s.follows === "fixed_horizon" ? (
        <Term exact="Fixed-horizon p-value with Holm's correction over the comparisons: valid because the experiment ran as planned">
          planned test
        </Term>
      ) : (
        <Term exact="Always-valid p-value with Holm's correction over the comparisons: looking early never makes it true by chance">
          test that may be watched
        </Term>
      )}
      .{" "}
      {s.minimum_detectable_effect !== null && (
        <>
          At this size a difference of {rate(s.minimum_detectable_effect, 0, 0.04)}{" "}
          <Term exact="Minimum detectable effect as a difference of rates, at 80 % power">would be found</Term> four
          times in five.
        </>
      )}
    </p>
  );
}
