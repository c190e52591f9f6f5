import { Term } from "../../ui/tooltip";
import { type ExperimentDraft, metricNames, METRIC_KINDS, type MetricKind, UNDECLARED, successMetrics } from "./draft";

/** What each metric measures: yes or no, or a number; per participant or per impression. */
export function MetricDeclarations({
  draft,
  set,
  error,
}: {
  draft: ExperimentDraft;
  set: (changes: Partial<ExperimentDraft>) => void;
  error: string | undefined;
}) {
  const names = metricNames(draft);
  if (names.length === 0) return null;
  const goals = new Set(successMetrics(draft));
  const declare = (name: string, changes: Partial<typeof UNDECLARED>) =>
    set({
      declarations: { ...draft.declarations, [name]: { ...(draft.declarations[name] ?? UNDECLARED), ...changes } },
    });
  return (
    <fieldset className="field">
      <legend>What the metrics measure</legend>
      <ul className="metric-declarations">
        {names.map((name) => {
          const { kind, goal, quantile } = draft.declarations[name] ?? UNDECLARED;
          return (
            <li key={name}>
              <span className="break-anywhere">{name}</span>
              <select
                className="select compact"
                aria-label={`What ${name} measures`}
                value={kind}
                onChange={(event) => declare(name, { kind: event.target.value as MetricKind })}
              >
                {Object.entries(METRIC_KINDS).map(([value, { label }]) => (
                  <option key={value} value={value}>
                    {label}
                  </option>
                ))}
              </select>
              {goals.has(name) && (
                <select
                  className="select compact"
                  aria-label={`The better direction of ${name}`}
                  value={goal}
                  onChange={(event) => declare(name, { goal: event.target.value as "increase" | "decrease" })}
                >
                  <option value="increase">higher is better</option>
                  <option value="decrease">lower is better</option>
                </select>
              )}
              {METRIC_KINDS[kind].type === "number" && (
                <label className="row small">
                  <Term definition="Limits extreme values, so that a few participants do not decide the result: values beyond this quantile of those that are not 0 count as the quantile. Empty for no limit">
                    limit at
                  </Term>
                  <span className="percent-input">
                    <input
                      className="input"
                      inputMode="decimal"
                      placeholder="none"
                      aria-label={`Quantile at which ${name} is limited, in percent`}
                      value={quantile}
                      onChange={(event) => declare(name, { quantile: event.target.value })}
                    />
                  </span>
                </label>
              )}
            </li>
          );
        })}
      </ul>
      {error !== undefined && <p className="field-error">{error}</p>}
    </fieldset>
  );
}
