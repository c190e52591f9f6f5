import type { SummaryView } from "armful-client";
import { useMemo, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { useMay } from "../../api";
import { chance, count, interval, rate, things } from "../../format";
import { Icon } from "../../ui/icon";
import { Failure, Loading } from "../../ui/states";
import { Term } from "../../ui/tip";
import { type Column, scaleTop, type Status, verdict, type View } from "./rows";
import { Table } from "./table";
import { type Rows, useTable } from "./use-table";
import { VariantForm } from "./variant-form";
import "../../styles/charts.css";
import "./variants.css";

const RESERVED = new Set(["search", "sort", "status"]);
const COLUMNS: readonly string[] = ["name", "rate", "impressions", "chance", "share", "used"] satisfies Column[];

/** The view that an address describes, so that it can be kept and sent. */
function useView(): [View, (change: (params: URLSearchParams) => void) => void] {
  const [params, setParams] = useSearchParams();
  const sort = params.get("sort") ?? "-chance";
  const column = sort.replace(/^-/, "");
  const status = params.get("status");
  const view: View = {
    search: params.get("search") ?? "",
    dimensions: Object.fromEntries([...params].filter(([name]) => !RESERVED.has(name))),
    status: status === "archived" || status === "all" ? status : ("active" satisfies Status),
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
  return [view, change];
}

export default function Variants() {
  const mayWrite = useMay("write");
  const [creating, setCreating] = useState(false);
  const [view, change] = useView();
  const table = useTable(view);
  const { head } = table;
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
      {head.data === undefined ? (
        head.error && !head.isFetching ? (
          <Failure error={head.error} retry={() => void head.refetch()} />
        ) : (
          <Loading height={420} />
        )
      ) : head.data.summary.active === 0 && view.status === "active" ? (
        <NoVariants mayWrite={mayWrite} />
      ) : (
        <>
          {view.status !== "archived" && <Verdict summary={head.data.summary} />}
          <List table={table} view={view} change={change} />
        </>
      )}
    </div>
  );
}

function Verdict({ summary }: { summary: SummaryView }) {
  const { title, next, leader } = verdict(summary);
  return (
    <section className="card verdict" aria-label="In short">
      <div>
        <h2>{title}</h2>
        <p>{next}</p>
      </div>
      {leader?.standing && (
        <div className="leader">
          <Link className="break" to={`/variants/${encodeURIComponent(leader.variant_id)}`}>
            <strong>{leader.variant_id}</strong>
          </Link>
          <p className="small number">
            {chance(leader.standing.chance_to_be_best)}{" "}
            <Term exact="Posterior probability of the highest rate among all active variants">chance to be best</Term>,{" "}
            {rate(leader.performance.success_rate, leader.standing.lower_bound, leader.standing.upper_bound)} (
            <Term exact="Wilson score interval at 95 %">between</Term>{" "}
            {interval(leader.standing.lower_bound, leader.standing.upper_bound).replace(" to ", " and ")})
          </p>
        </div>
      )}
    </section>
  );
}

function List({
  table: { head, row, look },
  view,
  change,
}: {
  table: Rows;
  view: View;
  change: (edit: (params: URLSearchParams) => void) => void;
}) {
  const choices = useMemo(() => choicesOf(head.data?.dimensions ?? {}, view.dimensions), [head.data, view.dimensions]);
  const found = head.data?.matching_count ?? 0;
  const active = head.data?.summary.active ?? 0;
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
        {choices.map(([name, values]) => (
          <select
            key={name}
            className="select"
            aria-label={name}
            data-set={name in view.dimensions}
            value={view.dimensions[name] ?? ""}
            onChange={(event) => set(name, event.target.value)}
          >
            <option value="">{name}: any</option>
            {values.map(([value, times]) => (
              <option key={value} value={value}>
                {value} ({count(times)})
              </option>
            ))}
          </select>
        ))}
        <select
          className="select"
          aria-label="Status"
          data-set={view.status !== "active"}
          value={view.status}
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
          {things(found, "variant")}
          {filtered && view.status === "active" && ` of ${count(active)}`}
        </p>
      </div>
      {found === 0 ? (
        <div className="empty card">
          <h2>No variant fits</h2>
          <p>None matches the search and the filters together. Clear one of them.</p>
        </div>
      ) : (
        <Table
          count={found}
          row={row}
          look={look}
          top={head.data ? scaleTop(head.data.summary) : 1}
          view={view}
          onSort={sort}
          busy={head.isPlaceholderData}
        />
      )}
    </>
  );
}

/** Every dimension with its values and how many bear them; what is asked for is among them, whatever there is. */
function choicesOf(
  dimensions: Record<string, Record<string, number>>,
  wanted: Record<string, string>,
): [string, [string, number][]][] {
  const all = { ...Object.fromEntries(Object.keys(wanted).map((name) => [name, {}])), ...dimensions };
  return Object.entries(all).map(([name, values]) => {
    const value = wanted[name];
    return [name, Object.entries(value === undefined ? values : { [value]: 0, ...values })];
  });
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
      <p className="small">
        To look around before you have some: <code>armful demo --serve</code> starts a service with sample variants and
        visitors.
      </p>
    </div>
  );
}
