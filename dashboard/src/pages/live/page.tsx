import { useQuery } from "@tanstack/react-query";
import type { RowView, TableQuery } from "armful-client";
import { useRef, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { api, queryKeys } from "../../api";
import { type PosteriorCurve, PosteriorChart } from "../../charts/posterior-chart";
import { ErrorNotice, LoadingPlaceholder, Notice } from "../../ui/notices";
import { AddVariantSearch } from "./add-variant-search";
import { RateCard } from "./rate-card";
import { useAnimatedCurves } from "./use-animated-curves";
import { type LiveState, useLiveStream } from "./use-live-stream";
import { WatchedTable } from "./watched-table";
import "../../styles/charts.css";
import "./live.css";

const MAX_WATCHED = 8;
const DEFAULT_WATCHED = 4;
const TOP_VARIANTS: TableQuery = { sort: "chance", limit: 20 };
/** A variant whose interval is at least this wide has too little data to be watched by default. */
const WIDE_INTERVAL = 0.9;

/** The posteriors of a few variants, updated live. The address names the variants; by default they are the best ones. */
export default function LivePage() {
  const [params, setParams] = useSearchParams();
  const table = useQuery({
    queryKey: queryKeys.table(TOP_VARIANTS),
    queryFn: ({ signal }) => api.table(TOP_VARIANTS, signal),
  });
  const rows = table.data?.rows;
  const requestedIds = params.getAll("variant");
  const watchedIds = requestedIds.length > 0 ? requestedIds.slice(0, MAX_WATCHED) : defaultVariants(rows ?? []);
  const setWatchedIds = (ids: string[]) =>
    setParams(
      ids.map((id): [string, string] => ["variant", id]),
      { replace: true },
    );
  return (
    <div className="page">
      <title>Live · armful</title>
      {rows === undefined ? (
        table.error && !table.isFetching ? (
          <>
            <h1>Live</h1>
            <ErrorNotice error={table.error} retry={() => void table.refetch()} />
          </>
        ) : (
          <LoadingPlaceholder height={420} />
        )
      ) : watchedIds.length === 0 ? (
        <div className="empty card">
          <h1>No variants to watch yet</h1>
          <p>
            Create <Link to="/variants">variants</Link> first. This page then shows their curves as results come in.
          </p>
        </div>
      ) : (
        <LiveView watchedIds={watchedIds} setWatchedIds={setWatchedIds} />
      )}
    </div>
  );
}

/** The variants most likely to be best, those with enough data first. */
function defaultVariants(rows: RowView[]): string[] {
  const hasData = ({ standing }: RowView) =>
    Number(standing !== null && standing.upper_bound - standing.lower_bound < WIDE_INTERVAL);
  return rows
    .toSorted((a, b) => hasData(b) - hasData(a)) // stable: otherwise keeps the order by chance to be best
    .slice(0, DEFAULT_WATCHED)
    .map(({ variant_id }) => variant_id);
}

function LiveView({ watchedIds, setWatchedIds }: { watchedIds: string[]; setWatchedIds: (ids: string[]) => void }) {
  const current = useLiveStream(watchedIds);
  const section = useRef<HTMLElement>(null);
  const [pausedState, setPausedState] = useState<LiveState | null>(null);
  const shown = pausedState ?? current;
  const isPaused = pausedState !== null;
  const watched = watchedIds.flatMap((id, i) => {
    const posterior = shown.variants.get(id);
    return posterior ? [{ posterior, series: (i % MAX_WATCHED) + 1 }] : [];
  });
  const curves = useAnimatedCurves(
    watched.map(({ posterior, series }): PosteriorCurve => ({
      id: posterior.variant_id,
      label: posterior.variant_id,
      alpha: posterior.alpha,
      beta: posterior.beta,
      series,
    })),
  );
  const remove = (removedId: string) => {
    setWatchedIds(watchedIds.filter((id) => id !== removedId));
    section.current?.focus(); // the pressed button no longer exists
  };
  const missingIds = current.connected ? watchedIds.filter((id) => !current.variants.has(id)) : [];
  return (
    <>
      <div className="page-head">
        <div>
          <h1>Live</h1>
          <p className="intro">The posterior of each variant, updated as results come in.</p>
        </div>
        <div className="row">
          <span className={`status ${isPaused ? "paused" : current.connected ? "active" : "outlined"}`} role="status">
            {isPaused ? "paused" : current.connected ? "live" : "connecting…"}
          </span>
          <button
            type="button"
            className="button"
            aria-pressed={isPaused}
            onClick={() => setPausedState(isPaused ? null : current)}
          >
            {isPaused ? "Resume" : "Pause"}
          </button>
        </div>
      </div>
      {current.error && <ErrorNotice error={current.error} />}
      <div className="live-charts">
        <section className="card stack" aria-labelledby="posteriors">
          <h2 id="posteriors">Posterior distributions of the success rates</h2>
          {curves.length === 0 ? <LoadingPlaceholder height={360} /> : <PosteriorChart curves={curves} height={360} />}
        </section>
        <div className="stack rate-cards">
          <RateCard
            label="Selections per second"
            definition="Selections that this armful process answered, averaged over the last two seconds"
            rates={shown.selections}
          />
          <RateCard
            label="Updates per second"
            definition="Performance updates that this armful process committed, averaged over the last two seconds"
            rates={shown.updates}
          />
        </div>
      </div>
      <section className="card stack" aria-labelledby="watched" tabIndex={-1} ref={section}>
        <div className="row-between">
          <h2 id="watched">Watched variants</h2>
          {watchedIds.length < MAX_WATCHED && (
            <AddVariantSearch watchedIds={watchedIds} onAdd={(id) => setWatchedIds([...watchedIds, id])} />
          )}
        </div>
        {missingIds.length > 0 && (
          <Notice title={`armful has no variant ${missingIds.map((id) => `“${id}”`).join(", ")}`}>
            It will appear here once it is created.
          </Notice>
        )}
        <WatchedTable variants={watched} canRemove={watchedIds.length > 1} onRemove={remove} labelledBy="watched" />
      </section>
    </>
  );
}
