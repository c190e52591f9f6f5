import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { RowView } from "armful-client";
import { Link } from "react-router";
import { IntervalBar, PartBar, Sparkline } from "../../charts/small";
import { ago, chance, count as amount, interval, moment, rate, share } from "../../format";
import { Icon } from "../../ui/icon";
import { Tags } from "../../ui/tags";
import { useTip } from "../../ui/tip";
import type { Column, View } from "./rows";

const NARROW = "(max-width: 64rem)";
const ROW_HEIGHT = 62;
const CARD_HEIGHT = 196;

const COLUMNS: { column: Column | null; label: string; exact: string }[] = [
  { column: "name", label: "Variant", exact: "Its id and its dimensions" },
  {
    column: "rate",
    label: "Success rate",
    exact: "Successes per impression, with the range the true rate lies in: Wilson score interval at 95 %",
  },
  { column: "impressions", label: "Shown", exact: "Impressions counted, history brought along included" },
  {
    column: "chance",
    label: "Chance to be best",
    exact: "Posterior probability of the highest rate among all active variants, by quadrature",
  },
  { column: "share", label: "Recent share", exact: "Part of all selections of the last 7 days" },
  { column: null, label: "Trend", exact: "Rate per day over the last 14 days" },
  { column: "used", label: "Last used", exact: "When armful last selected it" },
];

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const media = matchMedia(NARROW);
    const listen = () => setNarrow(media.matches);
    media.addEventListener("change", listen);
    return () => media.removeEventListener("change", listen);
  }, []);
  return narrow;
}

export function Table({
  count,
  row,
  look,
  top,
  view,
  onSort,
  busy,
}: {
  count: number;
  /** The row at a place, if it is there yet. */
  row: (index: number) => RowView | undefined;
  look: (first: number, last: number) => void;
  top: number;
  view: View;
  onSort: (column: Column) => void;
  /** Whether what is shown is still that of another view. */
  busy: boolean;
}) {
  const body = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const [offset, setOffset] = useState(0);
  const height = narrow ? CARD_HEIGHT : ROW_HEIGHT;
  useLayoutEffect(() => {
    setOffset(body.current?.offsetTop ?? 0);
  }, [narrow]);
  const virtual = useWindowVirtualizer({
    count,
    estimateSize: () => height,
    overscan: 8,
    scrollMargin: offset,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => look(first, last), [look, first, last]);
  return (
    <div role="table" aria-label="Variants" aria-rowcount={count + 1} aria-busy={busy} className="variants">
      <div role="row" aria-rowindex={1} className="variants-head">
        {COLUMNS.map((given) => (
          <Heading key={given.label} {...given} view={view} onSort={onSort} />
        ))}
      </div>
      <div role="rowgroup" ref={body} style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {items.map(({ index, start }) => {
          const shown = row(index);
          return (
            <div
              key={shown?.variant_id ?? index}
              role="row"
              aria-rowindex={index + 2}
              className="variants-row"
              style={{ height, transform: `translateY(${start - offset}px)` }}
            >
              {shown ? <Cells row={shown} top={top} /> : <Coming />}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Heading({
  column,
  label,
  exact,
  view,
  onSort,
}: (typeof COLUMNS)[number] & { view: View; onSort: (column: Column) => void }) {
  const { props, tip } = useTip(exact);
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
      {tip}
    </div>
  );
}

/** What a sparkline shows, in words. */
function trend(impressions: number[], successes: number[]): string {
  const sum = (values: number[]) => values.reduce((all, value) => all + value, 0);
  const half = Math.floor(impressions.length / 2);
  const part = (from: number, to?: number) => {
    const shown = sum(impressions.slice(from, to));
    return shown === 0 ? "not shown" : rate(sum(successes.slice(from, to)) / shown);
  };
  return impressions.length === 0 ? "no trend" : `week before last ${part(0, half)}, last week ${part(half)}`;
}

/** Stands where a row is on its way. */
function Coming() {
  return (
    <div role="cell" aria-colspan={COLUMNS.length} className="coming">
      <span className="hidden-text">Loading…</span>
      <span className="skeleton" aria-hidden="true" />
    </div>
  );
}

/** A row's cells: drawn once, however far it is scrolled. */
const Cells = memo(function Cells({ row, top }: { row: RowView; top: number }) {
  const { standing } = row;
  const { impressions, success_rate } = row.performance;
  const known = standing !== null && impressions > 0;
  return (
    <>
      <div role="cell" className="who">
        <Link to={`/variants/${encodeURIComponent(row.variant_id)}`}>{row.variant_id}</Link>
        <span className="tags">
          {row.status === "archived" && <span className="state hollow">archived</span>}
          <Tags dimensions={row.dimensions} short />
        </span>
      </div>
      <div role="cell" className="rate" data-label="Success rate">
        <span className="number">
          <strong>
            {impressions === 0
              ? "–"
              : known
                ? rate(success_rate, standing.lower_bound, standing.upper_bound)
                : rate(success_rate)}
          </strong>{" "}
          {standing && (
            <small>{impressions === 0 ? "not shown yet" : interval(standing.lower_bound, standing.upper_bound)}</small>
          )}
        </span>
        {known && (
          <IntervalBar value={success_rate} lower={standing.lower_bound} upper={standing.upper_bound} top={top} />
        )}
      </div>
      <div role="cell" className="number end" data-label="Shown">
        {amount(impressions)}
      </div>
      <div role="cell" className="part" data-label="Chance to be best">
        {standing ? (
          <>
            <span className="number">{chance(standing.chance_to_be_best)}</span>
            <PartBar value={standing.chance_to_be_best} />
          </>
        ) : (
          "–"
        )}
      </div>
      <div role="cell" className="number end" data-label="Recent share">
        {standing && standing.recent_share !== null ? share(standing.recent_share) : "–"}
      </div>
      <div role="cell" className="trend">
        {standing && (
          <>
            <span className="hidden-text">{trend(standing.impressions, standing.successes)}</span>
            <Sparkline impressions={standing.impressions} successes={standing.successes} />
          </>
        )}
      </div>
      <div role="cell" className="used" data-label="Last used">
        {row.last_used === null ? (
          "never"
        ) : (
          <time dateTime={row.last_used} title={moment(row.last_used)}>
            {ago(row.last_used)}
          </time>
        )}
      </div>
    </>
  );
});
