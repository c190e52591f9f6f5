import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { api, names, useMay } from "../../api";
import { chance, interval, rate, things } from "../../format";
import { Icon } from "../../ui/icon";
import { Failure, Loading } from "../../ui/states";
import { Term } from "../../ui/tip";
import { arrange, type Column, facets, join, type Row, scaleTop, verdict, type View } from "./rows";
import { Table } from "./table";
import { VariantForm } from "./variant-form";
import "../../styles/charts.css";
import "./variants.css";

const MOST = 10_000;
const AGAIN_AFTER = 10_000;
const RESERVED = new Set(["search", "sort", "status"]);
const COLUMNS: readonly string[] = ["name", "rate", "impressions", "chance", "share", "used"] satisfies Column[];

type Status = "active" | "archived" | "all";

/** The view that an address describes, so that it can be kept and sent. */
function useView(): [View, Status, (change: (params: URLSearchParams) => void) => void] {
  const [params, setParams] = useSearchParams();
  const sort = params.get("sort") ?? "-chance";
  const column = sort.replace(/^-/, "");
  const status = params.get("status");
  const view: View = {
    search: params.get("search") ?? "",
    dimensions: Object.fromEntries([...params].filter(([name]) => !RESERVED.has(name))),
    column: COLUMNS.includes(column) ? (column as Column) : "chance",
    descending: sort.startsWith("-"),
  };
  const change = (edit: (params: URLSearchParams) => void) =>
    setParams(
      (old) => {
        edit(old);
        return old;
      },
      { replace: true },
    );
  return [view, status === "archived" || status === "all" ? status : "active", change];
}

export default function Variants() {
  const mayWrite = useMay("write");
  const [creating, setCreating] = useState(false);
  const [view, status, change] = useView();
  const variants = useQuery({
    queryKey: [...names.variants, status],
    queryFn: ({ signal }) => api.variants({ status, limit: MOST }, signal),
    refetchInterval: AGAIN_AFTER,
    placeholderData: keepPreviousData,
  });
  const standings = useQuery({
    queryKey: names.standings,
    queryFn: ({ signal }) => api.standings(signal),
    refetchInterval: AGAIN_AFTER,
  });
  const rows = useMemo(() => join(variants.data?.variants ?? [], standings.data), [variants.data, standings.data]);
  const total = variants.data?.total_count ?? 0;
  return (
    <div className="page">
      <title>Variants · armful</title>
      <div className="page-head">
        <div>
          <h1>Variants</h1>
          <p className="lede">What armful chooses among, and how each one does.</p>
        </div>
        {mayWrite && (
          <button type="button" className="button primary" onClick={() => setCreating(true)}>
            <Icon name="plus" /> New variant
          </button>
        )}
      </div>
      {creating && <VariantForm onClose={() => setCreating(false)} />}
      {variants.data === undefined ? (
        variants.error && !variants.isFetching ? (
          <Failure error={variants.error} retry={() => void variants.refetch()} />
        ) : (
          <Loading height={420} />
        )
      ) : total === 0 && status === "active" ? (
        <NoVariants mayWrite={mayWrite} />
      ) : (
        <>
          {standings.data && status !== "archived" && <Verdict rows={rows} />}
          <List rows={rows} total={total} view={view} status={status} change={change} />
        </>
      )}
    </div>
  );
}

function Verdict({ rows }: { rows: Row[] }) {
  const { title, next, leader } = useMemo(() => verdict(rows), [rows]);
  return (
    <section className="card verdict" aria-label="In short">
      <div>
        <h2>{title}</h2>
        <p>{next}</p>
      </div>
      {leader?.standing && (
        <div className="leader">
          <Link className="break" to={`/variants/${encodeURIComponent(leader.variant.variant_id)}`}>
            <strong>{leader.variant.variant_id}</strong>
          </Link>
          <p className="small number">
            {chance(leader.standing.chance_to_be_best)}{" "}
            <Term exact="Posterior probability of the highest rate among all active variants">chance to be best</Term>,{" "}
            {rate(leader.variant.performance.success_rate, leader.standing.lower_bound, leader.standing.upper_bound)} (
            <Term exact="Wilson score interval at 95 %">between</Term>{" "}
            {interval(leader.standing.lower_bound, leader.standing.upper_bound).replace(" to ", " and ")})
          </p>
        </div>
      )}
    </section>
  );
}

function List({
  rows,
  total,
  view,
  status,
  change,
}: {
  rows: Row[];
  total: number;
  view: View;
  status: Status;
  change: (edit: (params: URLSearchParams) => void) => void;
}) {
  const deferred = useDeferredValue(view);
  const key = JSON.stringify(deferred);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- `key` stands for what `deferred` holds
  const shown = useMemo(() => arrange(rows, deferred), [rows, key]);
  const choices = useMemo(() => facets(rows), [rows]);
  const top = useMemo(() => scaleTop(rows), [rows]);
  const set = (name: string, value: string) =>
    change((params) => (value === "" ? params.delete(name) : params.set(name, value)));
  const sort = (column: Column) =>
    set(
      "sort",
      column === view.column ? `${view.descending ? "" : "-"}${column}` : `${column === "name" ? "" : "-"}${column}`,
    );
  const filtered = view.search !== "" || Object.keys(view.dimensions).length > 0;
  return (
    <>
      <div className="filters" role="search" aria-label="Filter variants">
        <div className="search">
          <Icon name="search" size={16} />
          <input
            className="input"
            type="search"
            placeholder="Search ids, dimensions, content"
            aria-label="Search ids, dimensions and content"
            value={view.search}
            onChange={(event) => set("search", event.target.value)}
          />
        </div>
        {[...choices].map(([name, values]) => (
          <select
            key={name}
            className="select"
            aria-label={name}
            data-set={name in view.dimensions}
            value={view.dimensions[name] ?? ""}
            onChange={(event) => set(name, event.target.value)}
          >
            <option value="">{name}: any</option>
            {[...values].sort().map(([value, times]) => (
              <option key={value} value={value}>
                {value} ({times})
              </option>
            ))}
          </select>
        ))}
        <select
          className="select"
          aria-label="Status"
          data-set={status !== "active"}
          value={status}
          onChange={(event) => set("status", event.target.value === "active" ? "" : event.target.value)}
        >
          <option value="active">active</option>
          <option value="archived">archived</option>
          <option value="all">all</option>
        </select>
        {filtered && (
          <button
            type="button"
            className="button plain tight"
            onClick={() =>
              change((params) =>
                [...params.keys()].filter((name) => name !== "sort").forEach((name) => params.delete(name)),
              )
            }
          >
            <Icon name="close" size={14} /> Clear
          </button>
        )}
        <p className="much" role="status">
          {shown.length === rows.length
            ? things(shown.length, "variant")
            : `${things(shown.length, "variant")} of ${rows.length}`}
          {total > rows.length && `, the oldest of ${total}`}
        </p>
      </div>
      {shown.length === 0 ? (
        <div className="empty card">
          <h2>No variant fits</h2>
          <p>None matches the search and the filters together. Clear one of them.</p>
        </div>
      ) : (
        <Table rows={shown} top={top} view={view} onSort={sort} />
      )}
    </>
  );
}

function NoVariants({ mayWrite }: { mayWrite: boolean }) {
  return (
    <div className="empty card">
      <h2>No variants yet</h2>
      <p>
        A variant is one of the things you could show: a headline, a price, a button.{" "}
        {mayWrite ? "Create the first here, or send many at once:" : "Send the first ones with a key that may write:"}
      </p>
      <pre>{`curl -X POST ${location.origin}/variants \\
  -H "Authorization: Bearer $API_KEY" -H "Content-Type: application/json" \\
  -d '{"variants": [{"variant_id": "question", "dimensions": {"tone": "casual"}}]}'`}</pre>
    </div>
  );
}
