import type { ComparisonView, DefinitionView, ExperimentView, ResultsView } from "armful-client";
import { IntervalBar } from "../../charts/inline-charts";
import {
  formatChance,
  formatCount,
  formatInterval,
  formatLift,
  formatLiftInterval,
  formatPValue,
  formatShare,
} from "../../format";
import { Icon } from "../../ui/icon";
import { Term } from "../../ui/tooltip";
import { Scrollable } from "../../ui/scrollable";
import { formatValue, limitNote, valueName, valueOf } from "./metric";

/** The results of each variant on the primary metric, in the order of the experiment, and a note on their significance. */
export function ResultsTable({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const { definition, values } = results;
  const isNumber = definition?.type === "number";
  const bounds = Object.values(results.confidence_intervals);
  const highestBound = isNumber
    ? Math.max(...bounds.map(({ upper_bound }) => upper_bound))
    : Math.max(0.01, ...bounds.map(({ upper_bound }) => Math.min(upper_bound, 1)));
  const axisMax = Object.values(results.participants).some(({ participants }) => participants > 0)
    ? highestBound * 1.05
    : 1;
  // The bars begin at 0.
  const hasBars = bounds.every(({ lower_bound }) => lower_bound >= 0);
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
                <Term definition="Each counts once. An impression whose update names no participant counts as another participant">
                  Participants
                </Term>
              </th>
              <th scope="col">
                <Term
                  definition={
                    values === undefined
                      ? "Share of participants with at least one success, with its 95 % confidence interval (Wilson interval; weighted by propensity if traffic is adaptive)"
                      : "With its 95 % confidence interval over participants: valid at the planned end"
                  }
                >
                  {valueName(definition)}
                </Term>
              </th>
              <th scope="col">
                <Term definition="Difference from control, relative to control's value, with its 95 % confidence interval: valid at the planned end (fixed horizon)">
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
                <Term definition="Posterior probability that this variant has the best value in the experiment">
                  Chance to be best
                </Term>
              </th>
              <th scope="col" className="numeric">
                <Term definition="How much of the value you give up on average by choosing this variant">
                  Expected loss
                </Term>
              </th>
            </tr>
          </thead>
          <tbody>
            {experiment.variants.map(({ variant_id, traffic_allocation, floor = 0 }) => {
              const people = results.participants[variant_id];
              const bounds = results.confidence_intervals[variant_id];
              const value = bounds?.rate ?? valueOf(results, variant_id);
              const bayes = results.bayesian[variant_id];
              const comparison = results.comparisons[variant_id];
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
                    {formatCount(people?.participants ?? 0)}
                    <small>
                      {experiment.allocation === "thompson"
                        ? `minimum ${formatShare(floor)}`
                        : `planned ${formatShare(traffic_allocation)}`}
                    </small>
                  </td>
                  <td data-label={valueName(definition)}>
                    {people?.participants === 0 ? (
                      <span className="muted">not shown yet</span>
                    ) : value !== null && bounds ? (
                      <ValueCell
                        definition={definition}
                        value={value}
                        lower={bounds.lower_bound}
                        upper={bounds.upper_bound}
                        axisMax={hasBars ? axisMax : null}
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
                    {bayes && bayes.expected_loss !== null
                      ? isNumber
                        ? formatValue(bayes.expected_loss, definition, bounds?.lower_bound, bounds?.upper_bound)
                        : formatShare(bayes.expected_loss)
                      : "–"}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </Scrollable>
      <MetricNote experiment={experiment} results={results} />
      <AssignmentsNote results={results} />
      <SignificanceNote results={results} />
      <DisagreementNotes results={results} />
    </section>
  );
}

/** In which direction the metric is better, and which values were limited. */
function MetricNote({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const notes = [
    results.definition?.goal === "decrease" && `A lower value of ${experiment.success_metrics[0]} is better.`,
    limitNote(results) ?? false,
  ].filter((note) => note !== false);
  return notes.length === 0 ? null : <p className="small muted">{notes.join(" ")}</p>;
}

/** How participants came to be those of a variant, where it is not simply that they were assigned. */
function AssignmentsNote({ results }: { results: ResultsView }) {
  const arms = Object.values(results.assignments);
  const sum = (field: "named" | "anonymous" | "not_assigned" | "crossed_over") =>
    arms.reduce((total, arm) => total + arm[field], 0);
  const notes = [
    sum("anonymous") > 0 &&
      `${formatCount(sum("anonymous"))} impressions name no participant: the results assume that every one is another person.`,
    sum("crossed_over") > 0 &&
      `${formatCount(sum("crossed_over"))} participants were reported under a variant that was not theirs. They stay in the variant that they were assigned, and those reports are not counted.`,
    sum("not_assigned") > 0 &&
      sum("not_assigned") < sum("named") &&
      `${formatCount(sum("not_assigned"))} of ${formatCount(sum("named"))} participants were not assigned by armful.`,
  ].filter((note) => note !== false);
  return notes.length === 0 ? null : <p className="small muted">{notes.join(" ")}</p>;
}

/** Why the p-values of the two lift columns seem to disagree, for each variant where they do. */
function DisagreementNotes({ results }: { results: ResultsView }) {
  return Object.entries(results.comparisons).map(
    ([variantId, { note }]) =>
      note !== undefined && (
        <p key={variantId} className="small muted">
          {note}
        </p>
      ),
  );
}

function ValueCell({
  definition,
  value,
  lower,
  upper,
  axisMax,
}: {
  definition: DefinitionView | undefined;
  value: number;
  lower: number;
  upper: number;
  /** Null for no bar. */
  axisMax: number | null;
}) {
  return (
    <span className="number">
      <strong>{formatValue(value, definition, lower, upper)}</strong>{" "}
      <small className="inline">
        {definition?.type === "number"
          ? `${formatValue(lower, definition, lower, upper)} to ${formatValue(upper, definition, lower, upper)}`
          : formatInterval(lower, upper)}
      </small>
      {axisMax !== null && <IntervalBar value={value} lower={lower} upper={upper} max={axisMax} />}
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
  results: { statistical_significance: significance, sample_ratio, definition },
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
          <Term definition="Minimum detectable effect, as a difference from control">difference</Term> of{" "}
          {definition?.type === "number"
            ? formatValue(significance.minimum_detectable_effect, definition)
            : formatValue(significance.minimum_detectable_effect, definition, 0, 0.04)}
          .
        </>
      )}
    </p>
  );
}
