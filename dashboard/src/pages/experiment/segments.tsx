import { useQuery } from "@tanstack/react-query";
import type { ExperimentView } from "armful-client";
import { useState } from "react";
import { api, queryKeys } from "../../api";
import { formatCount, formatPValue } from "../../format";
import { ErrorNotice, LoadingPlaceholder } from "../../ui/notices";
import { Scrollable } from "../../ui/scrollable";
import { Term } from "../../ui/tooltip";
import { formatValueOf } from "./metric";

/** The results within segments, which the user defines by persona or by a key of the updates' metadata. */
export function Segments({ experiment }: { experiment: ExperimentView }) {
  const [input, setInput] = useState("persona_id");
  const [segmentBy, setSegmentBy] = useState<string | null>(null);
  const query = useQuery({
    queryKey: [...queryKeys.results(experiment.experiment_id, segmentBy), "segments"],
    queryFn: ({ signal }) =>
      api.results(experiment.experiment_id, segmentBy === null ? {} : { segment_by: segmentBy }, signal),
    enabled: segmentBy !== null,
  });
  const segments = Object.entries(query.data?.segment_breakdown ?? {});
  return (
    <section className="card stack" aria-labelledby="segments">
      <h2 id="segments">Segments</h2>
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          setSegmentBy(input.trim() === "" ? null : input.trim());
        }}
      >
        <label htmlFor="segment-by" className="small">
          Segment by
        </label>
        <input
          id="segment-by"
          className="input"
          style={{ width: "12rem" }}
          value={input}
          onChange={(event) => setInput(event.target.value)}
          aria-describedby="segment-hint"
        />
        <button type="submit" className="button">
          Show
        </button>
      </form>
      <p id="segment-hint" className="small muted">
        Enter <code>persona_id</code> or a key of the updates' metadata, such as <code>channel</code>. Among many
        segments, some differ by chance. One test therefore asks first whether the effect differs between segments at
        all.
      </p>
      {query.error && <ErrorNotice error={query.error} />}
      {query.isLoading && <LoadingPlaceholder height={80} />}
      {segmentBy !== null &&
        query.data &&
        (segments.length === 0 ? (
          <p className="muted small">No update has a value for “{segmentBy}”.</p>
        ) : (
          <>
            <InteractionNote pValue={query.data.segment_interaction?.p_value ?? null} />
            <Scrollable label="Segments">
              <table className="table">
                <thead>
                  <tr>
                    <th scope="col">{segmentBy}</th>
                    {experiment.variants.map(({ variant_id }) => (
                      <th scope="col" key={variant_id} className="numeric">
                        {variant_id}
                      </th>
                    ))}
                    <th scope="col" className="numeric">
                      <Term definition="For the segment's leading variant against control, corrected for the number of variants (Holm) and of segments (Benjamini–Hochberg)">
                        p-value
                      </Term>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {segments.map(([value, { participants, values, statistical_significance: significance }]) => (
                    <tr key={value}>
                      <td className="break-anywhere">{value}</td>
                      {experiment.variants.map(({ variant_id }) => {
                        const people = participants[variant_id];
                        return (
                          <td key={variant_id} className="numeric">
                            {formatValueOf({ participants, values, definition: query.data.definition }, variant_id)}{" "}
                            <span className="muted small">of {formatCount(people?.participants ?? 0)}</span>
                          </td>
                        );
                      })}
                      <td className="numeric">
                        {significance.adjusted_p_value === null ? "–" : formatPValue(significance.adjusted_p_value)}
                        {significance.is_significant && <span className="tag positive">significant</span>}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Scrollable>
          </>
        ))}
    </section>
  );
}

/** Whether the effect differs between segments, which is asked before any segment is called significant. */
function InteractionNote({ pValue }: { pValue: number | null }) {
  if (pValue === null) return null;
  return (
    <p className="small">
      {pValue < 0.05 ? "The effect differs between segments" : "The effect does not differ between segments"} (
      <Term definition="Cochran's Q over the segments' differences from control. Without a difference, no segment is called significant">
        interaction test
      </Term>
      , {formatPValue(pValue)}).
    </p>
  );
}
