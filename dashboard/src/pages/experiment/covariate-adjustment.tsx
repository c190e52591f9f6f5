import type {
  ComparisonView,
  CovariateAdjustmentView,
  DefinitionView,
  ExperimentView,
  ResultsView,
} from "armful-client";
import { formatCount, formatLift, formatLiftInterval, formatPValue, formatShare } from "../../format";
import { Notice } from "../../ui/notices";
import { Scrollable } from "../../ui/scrollable";
import { Term } from "../../ui/tooltip";
import { formatValue, valueName } from "./metric";

const UNBALANCED_BELOW = 0.001;

interface AdjustedMetric {
  comparisons: Record<string, ComparisonView>;
  definition?: DefinitionView | undefined;
  covariate_adjustment?: CovariateAdjustmentView | undefined;
}

/** The results after the adjustment for covariates, for each metric that has one; nothing without covariates. */
export function CovariateAdjustment({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const metrics: [string, AdjustedMetric][] = [
    [experiment.success_metrics[0] ?? "", results],
    ...Object.entries(results.metrics),
    ...Object.entries(results.guardrails),
  ];
  const adjusted = metrics.flatMap(([name, metric]) =>
    metric.covariate_adjustment === undefined ? [] : [{ name, metric, adjustment: metric.covariate_adjustment }],
  );
  const first = adjusted[0]?.adjustment;
  if (first === undefined) return null;
  const known = Object.values(first.values).reduce((sum, { with_covariate }) => sum + with_covariate, 0);
  return (
    <section className="card stack" aria-labelledby="covariates">
      <h2 id="covariates">Adjusted for covariates</h2>
      <p className="small muted">
        The same comparisons, after what was known of participants before they took part is taken out (
        <Term definition="Controlled experiment using pre-experiment data: the covariate explains part of the differences between participants, so the intervals are narrower">
          CUPED
        </Term>
        ). {formatCount(known)} participants have a covariate; the others count as if they had the mean. Verdicts follow
        the results that are not adjusted.
      </p>
      {first.balance_p_value !== null && first.balance_p_value < UNBALANCED_BELOW && (
        <Notice kind="warning" title="The covariate differs between the variants: do not rely on these results">
          {formatPValue(first.balance_p_value)}. A covariate must be measured before participants see a variant.
        </Notice>
      )}
      {adjusted.map(({ name, metric, adjustment }) => (
        <Scrollable key={name} label={`${name}, adjusted`}>
          <table className="table">
            <caption className="label">
              {name}{" "}
              <span className="muted">{formatShare(adjustment.variance_reduction)} of the variance explained</span>
            </caption>
            <thead>
              <tr>
                <th scope="col">Variant</th>
                <th scope="col" className="numeric">
                  {valueName(metric.definition)}, adjusted
                </th>
                <th scope="col" className="numeric">
                  Lift over control
                </th>
                <th scope="col" className="numeric">
                  Lift (sequential 95 % CI)
                </th>
              </tr>
            </thead>
            <tbody>
              {experiment.variants.map(({ variant_id }) => {
                const value = adjustment.values[variant_id]?.value ?? null;
                const comparison = metric.comparisons[variant_id]?.covariate_adjusted;
                return (
                  <tr key={variant_id}>
                    <td className="break-anywhere">{variant_id}</td>
                    <td className="numeric">{value === null ? "–" : formatValue(value, metric.definition)}</td>
                    <td className="numeric">
                      {comparison ? (
                        <>
                          {comparison.lift === null ? "–" : formatLift(comparison.lift)}{" "}
                          <span className="muted">({formatLiftInterval(...comparison.lift_interval)})</span>
                          <small>{formatPValue(comparison.adjusted_p_value ?? comparison.p_value)}</small>
                        </>
                      ) : (
                        "–"
                      )}
                    </td>
                    <td className="numeric">
                      {comparison ? (
                        <>
                          {formatLiftInterval(...comparison.always_valid.lift_interval)}
                          <small>
                            {formatPValue(comparison.always_valid.adjusted_p_value ?? comparison.always_valid.p_value)}
                          </small>
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
      ))}
    </section>
  );
}
