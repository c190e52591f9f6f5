import type { ExperimentView } from "armful-client";
import { pluralize } from "../../format";

const STATUS_LABELS: Record<string, string> = {
  draft: "draft",
  active: "running",
  paused: "paused",
  completed: "completed",
  stopped: "stopped",
  promoted: "promoted",
};

/** The status of an experiment as a badge. */
export function StatusBadge({ status }: { status: string }) {
  const style = status === "active" ? "active" : status === "paused" ? "paused" : "outlined";
  return <span className={`status ${style}`}>{STATUS_LABELS[status] ?? status}</span>;
}

const DAY_MS = 86_400_000;

/** How much of the planned duration has passed: as a fraction of 1, and as a label. */
export function experimentProgress(experiment: ExperimentView, now = Date.now()): { fraction: number; label: string } {
  const { start_time, expected_end_time, end_time, duration_days, status } = experiment;
  if (start_time === null || expected_end_time === null) return { fraction: 0, label: "not started" };
  const start = Date.parse(start_time);
  const planned = Date.parse(expected_end_time);
  const end = end_time === null ? Math.min(now, planned) : Math.min(Date.parse(end_time), planned);
  const fraction = Math.min(1, Math.max(0, (end - start) / (planned - start)));
  if (status === "active" || status === "paused") {
    return {
      fraction,
      label: `day ${Math.min(duration_days, Math.floor((end - start) / DAY_MS) + 1)} of ${duration_days}`,
    };
  }
  const daysRun = Math.round((end - start) / DAY_MS);
  return {
    fraction,
    label: daysRun === 0 ? "ran for less than a day" : `ran for ${pluralize(daysRun, "day")} of ${duration_days}`,
  };
}

/** A progress bar with its label below. */
export function ProgressBar({ fraction, label }: { fraction: number; label: string }) {
  return (
    <span className="progress">
      <span className="proportion-bar" aria-hidden="true">
        <i style={{ width: `${fraction * 100}%` }} />
      </span>
      <span className="small muted number">{label}</span>
    </span>
  );
}
