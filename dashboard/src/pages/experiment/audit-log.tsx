import { useQuery } from "@tanstack/react-query";
import { api, queryKeys } from "../../api";
import { actorName, formatDateTime } from "../../format";

const ACTION_LABELS: Record<string, string> = {
  create: "created",
  start: "started",
  pause: "paused",
  resume: "resumed",
  stop: "stopped",
  complete: "completed",
  change: "changed",
  reallocate: "changed the traffic split",
  promote: "promoted",
  set_covariates: "set covariates of participants",
};

/** Every change of the experiment: when, what, and with which key. */
export function AuditLog({ experimentId }: { experimentId: string }) {
  const { data } = useQuery({
    queryKey: queryKeys.audit(experimentId),
    queryFn: ({ signal }) => api.audit(experimentId, signal),
  });
  if (!data || data.entries.length === 0) return null;
  return (
    <section className="card stack" aria-labelledby="audit">
      <h2 id="audit">Audit log</h2>
      <ol className="audit-log small">
        {data.entries.map((entry, i) => (
          <li key={i}>
            <time className="muted number" dateTime={entry.at}>
              {formatDateTime(entry.at)}
            </time>
            <span>
              <strong>{ACTION_LABELS[entry.action] ?? entry.action}</strong> by {actorName(entry.actor)}
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
}
