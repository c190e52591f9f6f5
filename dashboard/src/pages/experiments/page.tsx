import { useInfiniteQuery } from "@tanstack/react-query";
import type { ExperimentView } from "armful-client";
import { Link } from "react-router";
import { api, queryKeys, useHasScope } from "../../api";
import { formatDateTime, formatShare } from "../../format";
import { Icon } from "../../ui/icon";
import { ErrorNotice, LoadingPlaceholder } from "../../ui/notices";
import { HoldoutNote } from "./holdout";
import { experimentProgress, ProgressBar, StatusBadge } from "./status";
import "../../styles/charts.css";
import "./experiments.css";

const REFETCH_INTERVAL_MS = 15_000;

/** The list of experiments, newest first. */
export default function ExperimentsPage() {
  const canWrite = useHasScope("write");
  const query = useInfiniteQuery({
    queryKey: [...queryKeys.experiments, "list"],
    queryFn: ({ signal, pageParam }) => api.experiments(pageParam === null ? {} : { cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  const experiments = query.data?.pages.flatMap((page) => page.experiments);
  return (
    <div className="page">
      <title>Experiments · armful</title>
      <div className="page-head">
        <div>
          <h1>Experiments</h1>
          <p className="intro">
            Controlled tests with a planned traffic split, a planned duration and a statistically valid result.
          </p>
        </div>
        {canWrite && (
          <Link className="button primary" to="/experiments/new">
            <Icon name="plus" /> New experiment
          </Link>
        )}
      </div>
      <HoldoutNote />
      {experiments === undefined ? (
        query.error && !query.isFetching ? (
          <ErrorNotice error={query.error} retry={() => void query.refetch()} />
        ) : (
          <LoadingPlaceholder height={320} />
        )
      ) : experiments.length === 0 ? (
        <div className="empty card">
          <h2>No experiments yet</h2>
          <p>
            An experiment shows a few variants to comparable people for a planned time. It then reports which one is
            better, and how certain that is. {!canWrite && "To start one, you need a key with the “write” scope."}
          </p>
          {canWrite && (
            <Link className="button" to="/experiments/new">
              Create the first experiment
            </Link>
          )}
        </div>
      ) : (
        <>
          <ul className="card experiments">
            {experiments.map((experiment) => (
              <ExperimentRow key={experiment.experiment_id} experiment={experiment} />
            ))}
          </ul>
          {query.hasNextPage && (
            <div>
              <button type="button" className="button" onClick={() => void query.fetchNextPage()}>
                Show older experiments
              </button>
            </div>
          )}
        </>
      )}
    </div>
  );
}

/** When the experiment started, ends or ended. */
function timeLabel({ start_time, end_time, expected_end_time, status }: ExperimentView): string {
  if (end_time !== null) return `ended ${formatDateTime(end_time)}`;
  if (start_time === null || expected_end_time === null) return "";
  return status === "paused" ? `since ${formatDateTime(start_time)}` : `until ${formatDateTime(expected_end_time)}`;
}

function ExperimentRow({ experiment }: { experiment: ExperimentView }) {
  const isAdaptive = experiment.allocation === "thompson";
  const split = experiment.variants.map(({ variant_id, traffic_allocation }) =>
    isAdaptive ? variant_id : `${variant_id} ${formatShare(traffic_allocation)}`,
  );
  return (
    <li>
      <div className="experiment-name">
        <Link to={`/experiments/${encodeURIComponent(experiment.experiment_id)}`}>{experiment.experiment_name}</Link>
        <p className="small muted break-anywhere">
          {isAdaptive ? "adaptive" : "fixed split"}: {split.join(", ")}
        </p>
      </div>
      <div>
        <StatusBadge status={experiment.status} />
        {experiment.promoted_variant_id !== null && (
          <p className="small muted break-anywhere">{experiment.promoted_variant_id}</p>
        )}
      </div>
      <ProgressBar {...experimentProgress(experiment)} />
      <p className="small muted">{timeLabel(experiment)}</p>
    </li>
  );
}
