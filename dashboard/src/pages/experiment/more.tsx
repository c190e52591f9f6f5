import { useQuery } from "@tanstack/react-query";
import type { ExperimentView, ResultsView } from "armful-client";
import { useState } from "react";
import { api, names } from "../../api";
import { count, lift, liftInterval, moment, pValue, rate, who } from "../../format";
import { Icon } from "../../ui/icon";
import { Failure, Loading } from "../../ui/states";
import { Term } from "../../ui/tip";
import { Scroll } from "../../ui/scroll";

/** What must not get worse. */
export function Guardrails({ results }: { results: ResultsView }) {
  const entries = Object.entries(results.guardrails);
  if (entries.length === 0) return null;
  return (
    <section className="card stack" aria-labelledby="guardrails">
      <h2 id="guardrails">Guardrails</h2>
      <ul className="stack" style={{ gap: "0.7rem" }}>
        {entries.map(([name, { status, harm, harmed_by, variant_performance }]) => {
          const known = reported(variant_performance);
          return (
            <li key={name} className="guardrail" data-harmed={status === "harmed"} data-known={known}>
              <Icon name={status === "harmed" ? "warn" : known ? "check" : "info"} size={17} />
              <div>
                <p>
                  <strong>{name}</strong>{" "}
                  {status === "harmed" ? (
                    `made worse by ${harmed_by.join(", ")}`
                  ) : known ? (
                    "not made worse beyond chance"
                  ) : (
                    <>
                      was never reported: send it under <code>metrics</code> with what happened
                    </>
                  )}{" "}
                  <span className="quiet small">(must not {harm === "increase" ? "rise" : "fall"})</span>
                </p>
                {known && (
                  <p className="small quiet number">
                    {Object.entries(variant_performance)
                      .map(
                        ([id, { success_rate, impressions }]) =>
                          `${id} ${impressions === 0 ? "–" : rate(success_rate)}`,
                      )
                      .join(", ")}
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

/** Whether a metric was ever said to be true of anyone. */
function reported(performance: Record<string, { successes: number }>): boolean {
  return Object.values(performance).some(({ successes }) => successes > 0);
}

/** Metrics beside the one that is decided on. */
export function OtherMetrics({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const entries = Object.entries(results.metrics);
  if (entries.length === 0) return null;
  return (
    <section className="card stack" aria-labelledby="metrics">
      <h2 id="metrics">Further metrics</h2>
      {entries.map(([name, metric]) =>
        !reported(metric.variant_performance) ? (
          <p key={name} className="quiet small">
            <strong>{name}</strong> was never reported: send it under <code>metrics</code> with what happened.
          </p>
        ) : (
          <Scroll key={name} label={name}>
            <table className="table">
              <caption className="label">{name}</caption>
              <thead>
                <tr>
                  <th scope="col">Variant</th>
                  <th scope="col" className="num">
                    Rate
                  </th>
                  <th scope="col" className="num">
                    Lift over control
                  </th>
                </tr>
              </thead>
              <tbody>
                {experiment.variants.map(({ variant_id }) => {
                  const seen = metric.variant_performance[variant_id];
                  const comparison = metric.comparisons[variant_id];
                  return (
                    <tr key={variant_id}>
                      <td className="break">{variant_id}</td>
                      <td className="num">{seen && seen.impressions > 0 ? rate(seen.success_rate) : "–"}</td>
                      <td className="num">
                        {comparison && comparison.lift !== null ? (
                          <>
                            {lift(comparison.lift)}{" "}
                            <span className="quiet">({liftInterval(...comparison.lift_interval)})</span>
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
          </Scroll>
        ),
      )}
    </section>
  );
}

/** The result within groups: by persona, or by a key of the updates' metadata. */
export function Segments({ experiment }: { experiment: ExperimentView }) {
  const [typed, setTyped] = useState("persona_id");
  const [by, setBy] = useState<string | null>(null);
  const query = useQuery({
    queryKey: [...names.results(experiment.experiment_id, by), "segments"],
    queryFn: ({ signal }) => api.results(experiment.experiment_id, by === null ? {} : { segment_by: by }, signal),
    enabled: by !== null,
  });
  const segments = Object.entries(query.data?.segment_breakdown ?? {});
  return (
    <section className="card stack" aria-labelledby="segments">
      <h2 id="segments">Segments</h2>
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          setBy(typed.trim() === "" ? null : typed.trim());
        }}
      >
        <label htmlFor="segment-by" className="small">
          Split by
        </label>
        <input
          id="segment-by"
          className="input"
          style={{ width: "12rem" }}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          aria-describedby="segment-hint"
        />
        <button type="submit" className="button">
          Show
        </button>
      </form>
      <p id="segment-hint" className="small quiet">
        <code>persona_id</code>, or a key of the updates' metadata such as <code>channel</code>. With many segments one
        of them differs by chance: take what you find as a question for the next experiment.
      </p>
      {query.error && <Failure error={query.error} />}
      {query.isLoading && <Loading height={80} />}
      {by !== null &&
        query.data &&
        (segments.length === 0 ? (
          <p className="quiet small">Nothing was reported with “{by}”.</p>
        ) : (
          <Scroll label="Segments">
            <table className="table">
              <thead>
                <tr>
                  <th scope="col">{by}</th>
                  {experiment.variants.map(({ variant_id }) => (
                    <th scope="col" key={variant_id} className="num">
                      {variant_id}
                    </th>
                  ))}
                  <th scope="col" className="num">
                    <Term exact="Of the segment's leading variant against control, Holm within the segment">p</Term>
                  </th>
                </tr>
              </thead>
              <tbody>
                {segments.map(([value, { variant_performance, statistical_significance: s }]) => (
                  <tr key={value}>
                    <td className="break">{value}</td>
                    {experiment.variants.map(({ variant_id }) => {
                      const seen = variant_performance[variant_id];
                      return (
                        <td key={variant_id} className="num">
                          {seen && seen.impressions > 0 ? rate(seen.success_rate) : "–"}{" "}
                          <span className="quiet small">of {count(seen?.impressions ?? 0)}</span>
                        </td>
                      );
                    })}
                    <td className="num">
                      {s.adjusted_p_value === null ? "–" : pValue(s.adjusted_p_value)}
                      {s.is_significant && <span className="tag won">beyond chance</span>}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        ))}
    </section>
  );
}

const DONE: Record<string, string> = {
  create: "created",
  start: "started",
  pause: "paused",
  resume: "resumed",
  stop: "stopped",
  complete: "completed",
  change: "changed",
  reallocate: "changed the split",
  promote: "promoted",
};

/** Who changed the experiment, how and when. */
export function Audit({ id }: { id: string }) {
  const { data } = useQuery({ queryKey: names.audit(id), queryFn: ({ signal }) => api.audit(id, signal) });
  if (!data || data.entries.length === 0) return null;
  return (
    <section className="card stack" aria-labelledby="audit">
      <h2 id="audit">What was done</h2>
      <ol className="audit small">
        {data.entries.map((entry, i) => (
          <li key={i}>
            <time className="quiet number" dateTime={entry.at}>
              {moment(entry.at)}
            </time>
            <span>
              <strong>{DONE[entry.action] ?? entry.action}</strong> by {who(entry.actor)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
