import type { ExperimentView, MetricView, ResultsView } from "armful-client";
import { formatLift, formatLiftInterval } from "../../format";
import { Scrollable } from "../../ui/scrollable";
import { formatValueOf, limitNote, valueName } from "./metric";

/** A table for each success metric after the primary one. */
export function OtherMetrics({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const metrics = Object.entries(results.metrics);
  if (metrics.length === 0) return null;
  return (
    <section className="card stack" aria-labelledby="metrics">
      <h2 id="metrics">Other metrics</h2>
      {metrics.map(([name, metric]) =>
        !wasReported(metric) ? (
          <p key={name} className="muted small">
            <strong>{name}</strong> has no data yet: report it in the <code>metrics</code> field of updates.
          </p>
        ) : (
          <Scrollable key={name} label={name}>
            <table className="table">
              <caption className="label">
                {name}
                {metric.definition?.goal === "decrease" && " (lower is better)"}{" "}
                <span className="muted">{limitNote(metric)}</span>
              </caption>
              <thead>
                <tr>
                  <th scope="col">Variant</th>
                  <th scope="col" className="numeric">
                    {valueName(metric.definition)}
                  </th>
                  <th scope="col" className="numeric">
                    Lift over control
                  </th>
                </tr>
              </thead>
              <tbody>
                {experiment.variants.map(({ variant_id }) => {
                  const comparison = metric.comparisons[variant_id];
                  return (
                    <tr key={variant_id}>
                      <td className="break-anywhere">{variant_id}</td>
                      <td className="numeric">{formatValueOf(metric, variant_id)}</td>
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

/** Whether any update reported the metric; without that, the metric is probably not being sent at all. */
export function wasReported({ variant_performance, values }: MetricView): boolean {
  return (
    Object.values(variant_performance).some(({ successes }) => successes > 0) ||
    Object.values(values ?? {}).some(({ total }) => total !== 0)
  );
}
