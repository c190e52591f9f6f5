import type { PoolView, TableView } from "armful-client";
import { useMemo } from "react";
import { formatCount, pluralize } from "../../format";
import { Icon } from "../../ui/icon";
import type { View } from "./table-view";
import type { ChangeParams } from "./use-table-view";

/** The value of the choice of all pools; others are a pool's name after an equals sign. */
const ALL = "all";

/** The search field, a choice of pools if there are any, a filter for each dimension and for the status, and the number of matching variants. */
export function VariantFilters({
  table,
  view,
  pools,
  changeParams,
}: {
  table: TableView;
  view: View;
  pools: PoolView[];
  changeParams: ChangeParams;
}) {
  const options = useMemo(() => dimensionOptions(table.dimensions, view.dimensions), [table, view.dimensions]);
  const isFiltered = view.search !== "" || view.pool !== null || Object.keys(view.dimensions).length > 0;
  const setParam = (name: string, value: string) =>
    changeParams((params) => (value === "" ? params.delete(name) : params.set(name, value)));
  const clear = () =>
    changeParams((params) =>
      [...params.keys()].filter((name) => name !== "sort").forEach((name) => params.delete(name)),
    );
  return (
    <div className="filters" role="search" aria-label="Filter variants">
      <div className="search">
        <Icon name="search" size={16} />
        <input
          className="input"
          type="search"
          placeholder="Search ids, dimensions, content"
          aria-label="Search ids, dimensions and content"
          value={view.search}
          onChange={(event) => setParam("search", event.target.value)}
        />
      </div>
      {pools.length > 0 && (
        <select
          className="select"
          aria-label="Pool"
          data-set={view.pool !== null}
          value={view.pool === null ? ALL : `=${view.pool}`}
          onChange={(event) =>
            changeParams((params) =>
              event.target.value === ALL ? params.delete("pool") : params.set("pool", event.target.value.slice(1)),
            )
          }
        >
          <option value={ALL}>All pools</option>
          <option value="=">No pool</option>
          {pools.map((pool) => (
            <option key={pool.name} value={`=${pool.name}`}>
              {pool.name} ({formatCount(pool.active_variants)})
            </option>
          ))}
        </select>
      )}
      {options.map(([name, values]) => (
        <select
          key={name}
          className="select"
          aria-label={name}
          data-set={name in view.dimensions}
          value={view.dimensions[name] ?? ""}
          onChange={(event) => setParam(name, event.target.value)}
        >
          <option value="">{name}: any</option>
          {values.map(([value, count]) => (
            <option key={value} value={value}>
              {value} ({formatCount(count)})
            </option>
          ))}
        </select>
      ))}
      <select
        className="select"
        aria-label="Status"
        data-set={view.status !== "active"}
        value={view.status}
        onChange={(event) => setParam("status", event.target.value === "active" ? "" : event.target.value)}
      >
        <option value="active">active</option>
        <option value="archived">archived</option>
        <option value="all">all</option>
      </select>
      {isFiltered && (
        <button type="button" className="button ghost compact" onClick={clear}>
          <Icon name="close" size={14} /> Clear
        </button>
      )}
      <p className="result-count" role="status">
        {pluralize(table.matching_count, "variant")}
        {isFiltered && view.status === "active" && ` of ${formatCount(table.summary.active)}`}
      </p>
    </div>
  );
}

/** Every dimension with the number of variants for each value. Always contains the selected values. */
function dimensionOptions(
  counts: Record<string, Record<string, number>>,
  selected: Record<string, string>,
): [dimension: string, values: [value: string, count: number][]][] {
  const all = { ...Object.fromEntries(Object.keys(selected).map((name) => [name, {}])), ...counts };
  return Object.entries(all).map(([name, values]) => {
    const value = selected[name];
    return [name, Object.entries(value === undefined ? values : { [value]: 0, ...values })];
  });
}
