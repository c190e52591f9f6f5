import type { VariantHistory, VariantView } from "armful-client";
import { IntervalBar } from "../../charts/small";
import { count, interval, moment, rate, who } from "../../format";
import { Scroll } from "../../ui/scroll";

/** How it does for each persona. */
export function Personas({ history, days }: { history: VariantHistory; days: number }) {
  if (history.personas.length === 0) return null;
  const top = Math.max(
    0.01,
    ...history.personas.filter(({ impressions }) => impressions >= 30).map(({ upper_bound }) => upper_bound),
  );
  return (
    <section className="card stack" aria-labelledby="personas">
      <h2 id="personas">By persona</h2>
      <Scroll labelledBy="personas">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Persona</th>
              <th scope="col">Rate, last {days} days</th>
              <th scope="col" className="num">
                Shown
              </th>
            </tr>
          </thead>
          <tbody>
            {history.personas.map(({ persona_id, success_rate, lower_bound, upper_bound, impressions }) => (
              <tr key={persona_id ?? ""}>
                <td className="break">{persona_id ?? <span className="quiet">none named</span>}</td>
                <td>
                  <span className="number">
                    <strong>{rate(success_rate, lower_bound, upper_bound)}</strong>{" "}
                    <span className="small quiet">{interval(lower_bound, upper_bound)}</span>
                  </span>
                  <IntervalBar value={success_rate} lower={lower_bound} upper={upper_bound} top={top * 1.05} />
                </td>
                <td className="num">{count(impressions)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}

const LONGEST = 120;

function shortly(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

type Change = [field: string, before: unknown, after: unknown];

/** What was changed, dimension by dimension where those were. */
function changesOf(changed: VariantHistory["changes"][number]["changed"]): Change[] {
  return Object.entries(changed).flatMap(([field, [old, now]]): Change[] => {
    if (field !== "dimensions") return [[field.replace("_", " "), old, now]];
    const before = (old ?? {}) as Record<string, string>;
    const after = (now ?? {}) as Record<string, string>;
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((name) => before[name] !== after[name])
      .map((name) => [name, before[name] ?? null, after[name] ?? null]);
  });
}

/** What was changed about it, newest first, and by whom. */
export function Changes({ variant, history }: { variant: VariantView; history: VariantHistory }) {
  return (
    <section className="card stack" aria-labelledby="changes">
      <h2 id="changes">Recent changes</h2>
      <ol className="changes small">
        {history.changes.map(({ at, changed, actor }, i) => (
          <li key={i}>
            <When at={at} actor={actor} />
            <ul>
              {changesOf(changed).map(([field, old, now]) => (
                <li key={field} className="break">
                  <strong>{field}</strong>{" "}
                  {old !== null && (
                    <>
                      <span className="hidden-text">was </span>
                      <del>{shortly(old)}</del>{" "}
                    </>
                  )}
                  {now === null ? (
                    "taken away"
                  ) : (
                    <>
                      <span className="hidden-text">now </span>
                      <ins>{shortly(now)}</ins>
                    </>
                  )}
                </li>
              ))}
            </ul>
          </li>
        ))}
        <li>
          <When at={variant.created_at} actor={history.created_by} />
          <strong>created</strong>
        </li>
      </ol>
    </section>
  );
}

function When({ at, actor }: { at: string; actor: string | null }) {
  return (
    <p className="quiet">
      <time dateTime={at}>{moment(at)}</time>
      {actor !== null && <span className="by break">by {who(actor)}</span>}
    </p>
  );
}
