import { AxisBottom, AxisLeft } from "@visx/axis";
import type { scaleLinear, scaleUtc } from "@visx/scale";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";

type LinearScale = ReturnType<typeof scaleLinear<number>>;
type TimeScale = ReturnType<typeof scaleUtc<number>>;

/** A ref for an element, and the element's current width in pixels. */
function useElementWidth(): [React.RefObject<HTMLDivElement | null>, number] {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const node = element.current;
    if (node === null) return;
    const measure = () => setWidth(node.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(node);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}

/** An SVG as wide as its container. `label` describes the content to screen readers. */
export function ResponsiveChart({
  height,
  label,
  children,
}: {
  height: number;
  label: string;
  children: (width: number) => ReactNode;
}) {
  const [element, width] = useElementWidth();
  return (
    <div ref={element} className="chart" style={{ height }}>
      {width > 0 && (
        <svg width={width} height={height} role="img" aria-label={label}>
          {children(width)}
        </svg>
      )}
    </div>
  );
}

const TICK_LABEL = { className: "tick", dominantBaseline: "auto" } as const;

/** The horizontal axis: a line with tick labels. */
export function BottomAxis({
  scale,
  top,
  ticks,
  format,
}: {
  scale: LinearScale | TimeScale;
  top: number;
  ticks: number | Date[];
  format: (value: number) => string;
}) {
  return (
    <AxisBottom
      scale={scale}
      top={top}
      {...(Array.isArray(ticks) ? { tickValues: ticks } : { numTicks: ticks })}
      tickFormat={(value) => format(Number(value))}
      axisLineClassName="axis-line"
      hideTicks
      tickLength={6}
      tickLabelProps={() => ({ ...TICK_LABEL, textAnchor: "middle", dy: "0.4em" })}
    />
  );
}

/** The vertical axis: tick labels with a faint grid line at each. */
export function LeftAxis({
  scale,
  left,
  right,
  ticks,
  format,
}: {
  scale: LinearScale;
  left: number;
  right: number;
  ticks: number;
  format: (value: number) => string;
}) {
  return (
    <>
      {scale.ticks(ticks).map((value) => (
        <line key={value} className="grid-line" x1={left} x2={right} y1={scale(value)} y2={scale(value)} />
      ))}
      <AxisLeft
        scale={scale}
        left={left}
        numTicks={ticks}
        tickFormat={(value) => format(Number(value))}
        hideAxisLine
        hideTicks
        tickLength={6}
        tickLabelProps={() => ({ ...TICK_LABEL, textAnchor: "end", dy: "0.32em" })}
      />
    </>
  );
}

/** The list of series with the colour and dash of each. */
export function ChartLegend({ entries }: { entries: { label: string; series: number; dashed?: boolean }[] }) {
  return (
    <ul className="legend">
      {entries.map(({ label, series, dashed }) => (
        <li key={label} className={`series-${series}`}>
          <svg width="18" height="10" aria-hidden="true">
            <line x1="0" x2="18" y1="5" y2="5" className="line" strokeDasharray={dashed ? "4 3" : undefined} />
          </svg>
          <span>{label}</span>
        </li>
      ))}
    </ul>
  );
}
