import type { ExperimentView } from "armful-client";
import { things } from "../../format";

const WORDS: Record<string, string> = {
  draft: "draft",
  active: "running",
  paused: "paused",
  completed: "completed",
  stopped: "stopped",
  promoted: "promoted",
};

/** The state an experiment is in, as a word. */
export function State({ status }: { status: string }) {
  const shape = status === "active" ? "active" : status === "paused" ? "paused" : "hollow";
  return <span className={`state ${shape}`}>{WORDS[status] ?? status}</span>;
}

const DAY = 86_400_000;

/** How far an experiment has come through its time: a part of 1, and words. */
export function progress(experiment: ExperimentView, now = Date.now()): { part: number; words: string } {
  const { start_time, expected_end_time, end_time, duration_days, status } = experiment;
  if (start_time === null || expected_end_time === null) return { part: 0, words: "not started" };
  const start = Date.parse(start_time);
  const planned = Date.parse(expected_end_time);
  const end = end_time === null ? Math.min(now, planned) : Math.min(Date.parse(end_time), planned);
  const part = Math.min(1, Math.max(0, (end - start) / (planned - start)));
  if (status === "active" || status === "paused") {
    return { part, words: `day ${Math.min(duration_days, Math.floor((end - start) / DAY) + 1)} of ${duration_days}` };
  }
  const ran = Math.round((end - start) / DAY);
  return { part, words: ran === 0 ? "ended within a day" : `ran ${things(ran, "day")} of ${duration_days}` };
}

export function ProgressBar({ part, words }: { part: number; words: string }) {
  return (
    <span className="progress">
      <span className="part-bar" aria-hidden="true">
        <i style={{ width: `${part * 100}%` }} />
      </span>
      <span className="small quiet number">{words}</span>
    </span>
  );
}
