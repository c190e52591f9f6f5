import type { ExperimentView, ResultsView } from "armful-client";
import { formatLift, formatLiftInterval, formatRate } from "../../format";
import { Scrollable } from "../../ui/scrollable";

/** A table for each success metric after the primary one. */
export function OtherMetrics({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const metrics = Object.entries(results.metrics);
  if (metrics.length === 0) return null;
  return (
    <section className="card stack" aria-labelledby="metrics">
      <h2 id="metrics">Other metrics</h2>
      {metrics.map(([name, metric]) =>
        !wasReported(metric.variant_performance) ? (
          <p key={name} className="muted small">
            <strong>{name}</strong> has no data yet: report it in the <code>metrics</code> field of updates.
          </p>
        ) : (
          <Scrollable key={name} label={name}>
            <table className="table">
              <caption className="label">{name}</caption>
              <thead>
                <tr>
                  <th scope="col">Variant</th>
                  <th scope="col" className="numeric">
                    Conversion rate
                  </th>
                  <th scope="col" className="numeric">
                    Lift over control
                  </th>
                </tr>
              </thead>
              <tbody>
                {experiment.variants.map(({ variant_id }) => {
                  const people = metric.participants[variant_id];
                  const comparison = metric.comparisons[variant_id];
                  return (
                    <tr key={variant_id}>
                      <td className="break-anywhere">{variant_id}</td>
                      <td className="numeric">
                        {people && people.participants > 0 ? formatRate(people.conversion_rate) : "–"}
                      </td>
                      <td className="numeric">
                        {comparison && comparison.lift !== null ? (
                          <>
                            {formatLift(comparison.lift)}{" "}
                            <span className="muted">({formatLiftInterval(...comparison.lift_interval)})</span>
                          </>
                        ) : (
                          "–"
                        )}
                      </td>
                    </tr>
                  );
                })}
              </tbody>
            </table>
          </Scrollable>
        ),
      )}
    </section>
  );
}

/** Whether any update reported the metric as true; without that, the metric is probably not being sent at all. */
export function wasReported(performance: Record<string, { successes: number }>): boolean {
  return Object.values(performance).some(({ successes }) => successes > 0);
}
