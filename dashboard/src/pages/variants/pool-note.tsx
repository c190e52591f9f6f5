import { useQuery } from "@tanstack/react-query";
import type { PoolReportView, PoolView } from "armful-client";
import { api, queryKeys } from "../../api";
import { formatCount, formatRate, formatShare, pluralize } from "../../format";
import { Term } from "../../ui/tooltip";

const REFETCH_INTERVAL_MS = 10_000;

/** What is in force in a pool, and what learning has earned there. */
export function PoolNote({ name }: { name: string }) {
  const pool = useQuery({
    queryKey: queryKeys.pool(name),
    queryFn: ({ signal }) => api.pool(name, signal),
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  const report = useQuery({
    queryKey: queryKeys.poolReport(name),
    queryFn: ({ signal }) => api.poolReport(name, signal),
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  if (!pool.data) return null;
  return (
    <section className="card stack" aria-labelledby="pool">
      <h2 id="pool" className="break-anywhere">
        Pool {name}
      </h2>
      <p>{inForce(pool.data).join(" ")}</p>
      {report.data && <Earned report={report.data} />}
    </section>
  );
}

/** How selections are made now, in sentences. */
export function inForce({ in_force, delay }: PoolView): string[] {
  const { prior, sharpness, random_control, exploration_floor } = in_force;
  const sentences = [
    prior === null
      ? "Each variant has its own prior."
      : `${in_force.prior_learnt ? "Prior learnt" : "Prior set"}: ${formatRate(prior.mean)}, worth ${pluralize(Math.round(prior.strength), "impression")}.`,
  ];
  if (in_force.prior_by_features) sentences.push("It also depends on what a variant is like.");
  if (sharpness !== 1) sentences.push(`Draws are sharpened by ${String(sharpness)}.`);
  if (random_control > 0) sentences.push(`${formatShare(random_control)} of selections are at random.`);
  if (exploration_floor > 0) sentences.push(`${formatShare(exploration_floor)} of places are filled at random.`);
  if (delay !== null && delay.pending >= 0.5) {
    sentences.push(`${pluralize(Math.round(delay.pending), "impression")} may still become a success.`);
  }
  return sentences;
}

function Earned({ report }: { report: PoolReportView }) {
  const {
    earned,
    earned_interval: [low, high],
    learned,
    control,
  } = report;
  if (learned.selections === 0) return <p className="muted">No selections reported yet.</p>;
  if (earned === null) {
    return <p className="muted">No selections at random reported yet, so it is not known what learning has earned.</p>;
  }
  return (
    <p>
      Learning has earned <strong>{pluralize(Math.round(earned), "success", "successes")}</strong>
      {low !== null &&
        high !== null &&
        ` (95 % interval: ${formatCount(Math.round(low))} to ${formatCount(Math.round(high))})`}
      {": its selections succeed at "}
      {formatRate(learned.success_rate)}, those{" "}
      <Term definition="A share of the pool's selections that is made at random, to measure what learning earns">
        at random
      </Term>{" "}
      at {formatRate(control.success_rate)}.
    </p>
  );
}
