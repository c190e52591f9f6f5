import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useLayoutEffect, useRef, useState } from "react";
import { Link } from "react-router";
import { IntervalBar, PartBar, Sparkline } from "../../charts/small";
import { ago, chance, count, interval, moment, rate, share } from "../../format";
import { Icon } from "../../ui/icon";
import { Tags } from "../../ui/tags";
import { useTip } from "../../ui/tip";
import type { Column, Row, View } from "./rows";

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
  rows,
  top,
  view,
  onSort,
}: {
  rows: Row[];
  top: number;
  view: View;
  onSort: (column: Column) => void;
}) {
  const body = useRef<HTMLDivElement>(null);
  const narrow = useNarrow();
  const [offset, setOffset] = useState(0);
  const height = narrow ? CARD_HEIGHT : ROW_HEIGHT;
  useLayoutEffect(() => {
    setOffset(body.current?.offsetTop ?? 0);
  }, [narrow]);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: 8,
    scrollMargin: offset,
    getItemKey: (index) => rows[index]?.variant.variant_id ?? index,
  });
  useEffect(() => virtual.measure(), [virtual, height]);
  return (
    <div role="table" aria-label="Variants" aria-rowcount={rows.length + 1} className="variants">
      <div role="row" aria-rowindex={1} className="variants-head">
        {COLUMNS.map((given) => (
          <Heading key={given.label} {...given} view={view} onSort={onSort} />
        ))}
      </div>
      <div role="rowgroup" ref={body} style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const row = rows[index];
          return (
            row && (
              <div
                key={key}
                role="row"
                aria-rowindex={index + 2}
                className="variants-row"
                style={{ height, transform: `translateY(${start - offset}px)` }}
              >
                <Cells row={row} top={top} />
              </div>
            )
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

/** A row's cells: drawn once, however far it is scrolled. */
const Cells = memo(function Cells({ row: { variant, standing }, top }: { row: Row; top: number }) {
  const { impressions, success_rate } = variant.performance;
  const known = standing !== null && impressions > 0;
  return (
    <>
      <div role="cell" className="who">
        <Link to={`/variants/${encodeURIComponent(variant.variant_id)}`}>{variant.variant_id}</Link>
        <span className="tags">
          {variant.status === "archived" && <span className="state hollow">archived</span>}
          <Tags dimensions={variant.dimensions} short />
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
        {count(impressions)}
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
        {standing && <Sparkline impressions={standing.impressions} successes={standing.successes} />}
      </div>
      <div role="cell" className="used" data-label="Last used">
        {variant.last_used === null ? (
          "never"
        ) : (
          <time dateTime={variant.last_used} title={moment(variant.last_used)}>
            {ago(variant.last_used)}
          </time>
        )}
      </div>
    </>
  );
});
