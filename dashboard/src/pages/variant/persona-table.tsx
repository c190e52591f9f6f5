import type { VariantHistory } from "armful-client";
import { IntervalBar } from "../../charts/inline-charts";
import { formatCount, formatInterval, formatRate } from "../../format";
import { Scrollable } from "../../ui/scrollable";

/** Personas with fewer impressions have very wide intervals, which would stretch the axis. */
const MIN_IMPRESSIONS_FOR_AXIS = 30;

/** The variant's success rate for each persona. */
export function PersonaTable({ history, days }: { history: VariantHistory; days: number }) {
  if (history.personas.length === 0) return null;
  const highestBound = Math.max(
    0.01,
    ...history.personas
      .filter(({ impressions }) => impressions >= MIN_IMPRESSIONS_FOR_AXIS)
      .map(({ upper_bound }) => upper_bound),
  );
  const axisMax = highestBound * 1.05;
  return (
    <section className="card stack" aria-labelledby="personas">
      <h2 id="personas">By persona</h2>
      <Scrollable labelledBy="personas">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Persona</th>
              <th scope="col">Rate, last {days} days</th>
              <th scope="col" className="numeric">
                Impressions
              </th>
            </tr>
          </thead>
          <tbody>
            {history.personas.map(({ persona_id, success_rate, lower_bound, upper_bound, impressions }) => (
              <tr key={persona_id ?? ""}>
                <td className="break-anywhere">{persona_id ?? <span className="muted">no persona</span>}</td>
                <td>
                  <span className="number">
                    <strong>{formatRate(success_rate, lower_bound, upper_bound)}</strong>{" "}
                    <span className="small muted">{formatInterval(lower_bound, upper_bound)}</span>
                  </span>
                  <IntervalBar value={success_rate} lower={lower_bound} upper={upper_bound} max={axisMax} />
                </td>
                <td className="numeric">{formatCount(impressions)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
    </section>
  );
}
