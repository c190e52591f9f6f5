import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { RowView } from "armful-client";
import { Link } from "react-router";
import { IntervalBar, ProportionBar, Sparkline } from "../../charts/inline-charts";
import {
  formatChance,
  formatCount,
  formatDateTime,
  formatInterval,
  formatRate,
  formatShare,
  formatTimeAgo,
} from "../../format";
import { Icon } from "../../ui/icon";
import { DimensionTags } from "../../ui/dimension-tags";
import { useTooltip } from "../../ui/tooltip";
import type { Column, View } from "./table-view";

const NARROW_SCREEN = "(max-width: 64rem)";
const ROW_HEIGHT = 62;
const CARD_HEIGHT = 196;

const COLUMNS: { column: Column | null; label: string; definition: string }[] = [
  { column: "name", label: "Variant", definition: "Its id and dimensions" },
  {
    column: "rate",
    label: "Success rate",
    definition: "Successes per impression, with the 95 % Wilson score interval",
  },
  { column: "impressions", label: "Impressions", definition: "All counted impressions, including imported history" },
  {
    column: "chance",
    label: "Chance to be best",
    definition: "Posterior probability that this variant has the highest rate of all active variants",
  },
  { column: "share", label: "Recent share", definition: "Share of all selections of the last 7 days" },
  { column: null, label: "Trend", definition: "Success rate of each of the last 14 days" },
  { column: "used", label: "Last selected", definition: "When armful last selected it" },
];

/** Whether the screen is too narrow for a table, so that each row is shown as a card. */
function useIsNarrow(): boolean {
  const [isNarrow, setIsNarrow] = useState(() => matchMedia(NARROW_SCREEN).matches);
  useEffect(() => {
    const media = matchMedia(NARROW_SCREEN);
    const listen = () => setIsNarrow(media.matches);
    media.addEventListener("change", listen);
    return () => media.removeEventListener("change", listen);
  }, []);
  return isNarrow;
}

/** The table of variants. It renders only the rows near the visible part, however many there are. */
export function VariantsTable({
  rowCount,
  row,
  showRows,
  axisMax,
  view,
  onSort,
  isOutdated,
}: {
  rowCount: number;
  /** The row at an index; undefined while it is loading. */
  row: (index: number) => RowView | undefined;
  /** Is told which rows are rendered, so that they are loaded. */
  showRows: (first: number, last: number) => void;
  axisMax: number;
  view: View;
  onSort: (column: Column) => void;
  /** Whether the rows are still those of the previous view. */
  isOutdated: boolean;
}) {
  const body = useRef<HTMLDivElement>(null);
  const isNarrow = useIsNarrow();
  const [offset, setOffset] = useState(0);
  const height = isNarrow ? CARD_HEIGHT : ROW_HEIGHT;
  useLayoutEffect(() => {
    setOffset(body.current?.offsetTop ?? 0);
  }, [isNarrow]);
  const virtual = useWindowVirtualizer({
    count: rowCount,
    estimateSize: () => height,
    overscan: 8,
    scrollMargin: offset,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => showRows(first, last), [showRows, first, last]);
  return (
    <div role="table" aria-label="Variants" aria-rowcount={rowCount + 1} aria-busy={isOutdated} className="variants">
      <div role="row" aria-rowindex={1} className="variants-head">
        {COLUMNS.map((column) => (
          <ColumnHeader key={column.label} {...column} view={view} onSort={onSort} />
        ))}
      </div>
      <div role="rowgroup" ref={body} style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {items.map(({ index, start }) => {
          const loaded = row(index);
          return (
            <div
              key={loaded?.variant_id ?? index}
              role="row"
              aria-rowindex={index + 2}
              className="variants-row"
              style={{ height, transform: `translateY(${start - offset}px)` }}
            >
              {loaded ? <RowCells row={loaded} axisMax={axisMax} /> : <LoadingCell />}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** A column header that sorts by its column, with the definition of the column in a tooltip. */
function ColumnHeader({
  column,
  label,
  definition,
  view,
  onSort,
}: (typeof COLUMNS)[number] & { view: View; onSort: (column: Column) => void }) {
  const { props, tooltip } = useTooltip(definition);
  const sorted = column === view.column;
  return (
    <div role="columnheader" aria-sort={sorted ? (view.descending ? "descending" : "ascending") : undefined}>
      <button
        type="button"
        {...props}
        data-sorted={sorted}
        aria-disabled={column === null}
        onClick={() => column !== null && onSort(column)}
      >
        {label}
        {sorted && <Icon name={view.descending ? "down" : "up"} size={13} />}
      </button>
      {tooltip}
    </div>
  );
}

/** The content of a sparkline as text, for screen readers. */
function describeTrend(impressions: number[], successes: number[]): string {
  const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
  const half = Math.floor(impressions.length / 2);
  const part = (from: number, to?: number) => {
    const shown = sum(impressions.slice(from, to));
    return shown === 0 ? "not shown" : formatRate(sum(successes.slice(from, to)) / shown);
  };
  return impressions.length === 0 ? "no trend" : `previous week ${part(0, half)}, last week ${part(half)}`;
}

/** A placeholder for a row that is still loading. */
function LoadingCell() {
  return (
    <div role="cell" aria-colspan={COLUMNS.length} className="row-loading">
      <span className="visually-hidden">Loading…</span>
      <span className="skeleton" aria-hidden="true" />
    </div>
  );
}

/** The cells of a row; memoized, because scrolling renders the table often. */
const RowCells = memo(function RowCells({ row, axisMax }: { row: RowView; axisMax: number }) {
  const { standing } = row;
  const { impressions, success_rate } = row.performance;
  const hasData = standing !== null && impressions > 0;
  return (
    <>
      <div role="cell" className="variant-name">
        <Link to={`/variants/${encodeURIComponent(row.variant_id)}`}>{row.variant_id}</Link>
        <span className="tags">
          {row.status === "archived" && <span className="status outlined">archived</span>}
          <DimensionTags dimensions={row.dimensions} short />
        </span>
      </div>
      <div role="cell" className="rate" data-label="Success rate">
        <span className="number">
          <strong>
            {impressions === 0
              ? "–"
              : hasData
                ? formatRate(success_rate, standing.lower_bound, standing.upper_bound)
                : formatRate(success_rate)}
          </strong>{" "}
          {standing && (
            <small>
              {impressions === 0 ? "not shown yet" : formatInterval(standing.lower_bound, standing.upper_bound)}
            </small>
          )}
        </span>
        {hasData && (
          <IntervalBar value={success_rate} lower={standing.lower_bound} upper={standing.upper_bound} max={axisMax} />
        )}
      </div>
      <div role="cell" className="number align-right" data-label="Impressions">
        {formatCount(impressions)}
      </div>
      <div role="cell" className="chance" data-label="Chance to be best">
        {standing ? (
          <>
            <span className="number">{formatChance(standing.chance_to_be_best)}</span>
            <ProportionBar value={standing.chance_to_be_best} />
          </>
        ) : (
          "–"
        )}
      </div>
      <div role="cell" className="number align-right" data-label="Recent share">
        {standing && standing.recent_share !== null ? formatShare(standing.recent_share) : "–"}
      </div>
      <div role="cell" className="trend">
        {standing && (
          <>
            <span className="visually-hidden">{describeTrend(standing.impressions, standing.successes)}</span>
            <Sparkline impressions={standing.impressions} successes={standing.successes} />
          </>
        )}
      </div>
      <div role="cell" className="last-used" data-label="Last selected">
        {row.last_used === null ? (
          "never"
        ) : (
          <time dateTime={row.last_used} title={formatDateTime(row.last_used)}>
            {formatTimeAgo(row.last_used)}
          </time>
        )}
      </div>
    </>
  );
});
