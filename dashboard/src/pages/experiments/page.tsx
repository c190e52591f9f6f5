import { useInfiniteQuery } from "@tanstack/react-query";
import type { ExperimentView } from "armful-client";
import { Link } from "react-router";
import { api, names, useMay } from "../../api";
import { moment, share } from "../../format";
import { Icon } from "../../ui/icon";
import { Failure, Loading } from "../../ui/states";
import { progress, ProgressBar, State } from "./states";
import "../../styles/charts.css";
import "./experiments.css";

const AGAIN_AFTER = 15_000;

export default function Experiments() {
  const mayWrite = useMay("write");
  const query = useInfiniteQuery({
    queryKey: [...names.experiments, "list"],
    queryFn: ({ signal, pageParam }) => api.experiments(pageParam === null ? {} : { cursor: pageParam }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next_cursor,
    refetchInterval: AGAIN_AFTER,
  });
  const experiments = query.data?.pages.flatMap((page) => page.experiments);
  return (
    <div className="page">
      <title>Experiments · armful</title>
      <div className="page-head">
        <div>
          <h1>Experiments</h1>
          <p className="lede">Formal tests: a planned split, a planned time, and an answer that holds.</p>
        </div>
        {mayWrite && (
          <Link className="button primary" to="/experiments/new">
            <Icon name="plus" /> New experiment
          </Link>
        )}
      </div>
      {experiments === undefined ? (
        query.error && !query.isFetching ? (
          <Failure error={query.error} retry={() => void query.refetch()} />
        ) : (
          <Loading height={320} />
        )
      ) : experiments.length === 0 ? (
        <div className="empty card">
          <h2>No experiments yet</h2>
          <p>
            An experiment shows a few variants to comparable people for a planned time, and says in the end which one is
            better, and how sure that is. {!mayWrite && "Starting one needs a key that may write."}
          </p>
          {mayWrite && (
            <Link className="button" to="/experiments/new">
              Plan the first one
            </Link>
          )}
        </div>
      ) : (
        <>
          <ul className="card experiments">
            {experiments.map((experiment) => (
              <Entry key={experiment.experiment_id} experiment={experiment} />
            ))}
          </ul>
          {query.hasNextPage && (
            <div>
              <button type="button" className="button" onClick={() => void query.fetchNextPage()}>
                Show older ones
              </button>
            </div>
          )}
        </>
      )}
    </div>
  );
}

function times({ start_time, end_time, expected_end_time, status }: ExperimentView): string {
  if (end_time !== null) return `ended ${moment(end_time)}`;
  if (start_time === null || expected_end_time === null) return "";
  return status === "paused" ? `since ${moment(start_time)}` : `until ${moment(expected_end_time)}`;
}

function Entry({ experiment }: { experiment: ExperimentView }) {
  const split = experiment.variants.map(
    ({ variant_id, traffic_allocation }) => `${variant_id} ${share(traffic_allocation)}`,
  );
  return (
    <li>
      <div className="what">
        <Link to={`/experiments/${encodeURIComponent(experiment.experiment_id)}`}>{experiment.experiment_name}</Link>
        <p className="small quiet break">
          {experiment.allocation === "thompson" ? "adaptive" : "fixed split"}: {split.join(", ")}
        </p>
      </div>
      <div>
        <State status={experiment.status} />
        {experiment.promoted_variant_id !== null && (
          <p className="small quiet break">{experiment.promoted_variant_id}</p>
        )}
      </div>
      <ProgressBar {...progress(experiment)} />
      <p className="small quiet">{times(experiment)}</p>
    </li>
  );
}
