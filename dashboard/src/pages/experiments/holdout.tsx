import { useQuery } from "@tanstack/react-query";
import { api, queryKeys } from "../../api";
import { formatCount, formatDateTime, formatLift, formatLiftInterval, formatRate, formatShare } from "../../format";
import { Term } from "../../ui/tooltip";

/** The global holdout, if there is one, and what everybody else got by not being part of it. */
export function HoldoutNote() {
  const { data } = useQuery({
    queryKey: queryKeys.holdout,
    queryFn: ({ signal }) => api.holdoutReport(signal),
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
        since {formatDateTime(data.started_at)}.
      </p>
      <p>
        {data.lift === null ? (
          <span className="muted">There are not enough conversions yet to compare them with everybody else.</span>
        ) : (
          <>
            Everybody else converts at {formatRate(data.others.conversion_rate)}, they at{" "}
            {formatRate(data.held_out.conversion_rate)}: a{" "}
            <Term definition="The joint effect of all experiments and policies since the holdout began, with its 95 % confidence sequence, valid at any time">
              lift
            </Term>{" "}
            of <strong>{formatLift(data.lift)}</strong> ({formatLiftInterval(...data.lift_interval)}) over{" "}
            {formatCount(data.held_out.participants + data.others.participants)} participants.
          </>
        )}
      </p>
    </section>
  );
}
