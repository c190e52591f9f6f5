import type { ResultsView } from "armful-client";
import { formatShare } from "../../format";
import { Icon } from "../../ui/icon";
import { formatValueOf, limitNote } from "./metric";
import { wasReported } from "./other-metrics";

/** The guardrail metrics: whether a variant made one worse, and the rate of each variant. */
export function Guardrails({ results }: { results: ResultsView }) {
  const guardrails = Object.entries(results.guardrails);
  if (guardrails.length === 0) return null;
  return (
    <section className="card stack" aria-labelledby="guardrails">
      <h2 id="guardrails">Guardrails</h2>
      <ul className="stack" style={{ gap: "0.7rem" }}>
        {guardrails.map(([name, guardrail]) => {
          const { status, harm, margin, harmed_by, participants } = guardrail;
          const hasData = wasReported(guardrail);
          return (
            <li key={name} className="guardrail" data-harmed={status === "harmed"} data-reported={hasData}>
              <Icon name={status === "harmed" ? "warning" : status === "not_harmed" ? "check" : "info"} size={17} />
              <div>
                <p>
                  <strong>{name}</strong>{" "}
                  {status === "harmed" ? (
                    `made worse by ${harmed_by.join(", ")}`
                  ) : status === "not_harmed" ? (
                    `not harmed: a change for the worse of ${formatShare(margin)} or more is excluded`
                  ) : hasData ? (
                    `not known yet: a change for the worse of ${formatShare(margin)} or more is still possible`
                  ) : (
                    <>
                      has no data yet: report it in the <code>metrics</code> field of updates
                    </>
                  )}{" "}
                  <span className="muted small">(must not {harm === "increase" ? "increase" : "decrease"})</span>
                </p>
                {hasData && (
                  <p className="small muted number">
                    {Object.keys(participants)
                      .map((id) => `${id} ${formatValueOf(guardrail, id)}`)
                      .join(", ")}
                    {limitNote(guardrail) !== null && `. ${limitNote(guardrail)}`}
                  </p>
                )}
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
