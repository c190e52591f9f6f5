import { useQuery } from "@tanstack/react-query";
import { api, queryKeys } from "../../api";
import { formatDateTime, formatShare } from "../../format";
import { Term } from "../../ui/tooltip";

/** The global holdout, if there is one: whom no experiment touches. */
export function HoldoutNote() {
  const { data } = useQuery({
    queryKey: queryKeys.holdout,
    queryFn: ({ signal }) => api.holdout(signal),
    staleTime: 15_000,
  });
  if (!data || data.started_at === null) return null;
  return (
    <section className="card stack" aria-labelledby="holdout">
      <h2 id="holdout">Holdout</h2>
      <p>
        <strong>{formatShare(data.share)}</strong> of all participants are{" "}
        <Term definition="No experiment assigns them, and no policy chooses for them. They see control, or the baseline variants">
          held out
        </Term>{" "}
        since {formatDateTime(data.started_at)}.{" "}
        <span className="muted break-anywhere">
          {data.baseline.length === 0
            ? "No baseline is set: selections show them variants at random."
            : `Selections show them ${data.baseline.join(", ")}.`}
        </span>
      </p>
    </section>
  );
}
