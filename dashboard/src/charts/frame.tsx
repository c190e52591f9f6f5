import { AxisBottom, AxisLeft } from "@visx/axis";
import type { scaleLinear, scaleUtc } from "@visx/scale";
import { type ReactNode, useLayoutEffect, useRef, useState } from "react";

type Linear = ReturnType<typeof scaleLinear<number>>;
type Time = ReturnType<typeof scaleUtc<number>>;

/** The width an element has at the moment. */
export function useWidth(): [React.RefObject<HTMLDivElement | null>, number] {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return;
    const measure = () => setWidth(box.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}

/** A drawing as wide as its place. What it shows is said in `label` too, for those who can't see it. */
export function Chart({
  height,
  label,
  children,
}: {
  height: number;
  label: string;
  children: (width: number) => ReactNode;
}) {
  const [element, width] = useWidth();
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

const TICK = { className: "tick", dominantBaseline: "auto" } as const;

/** The axis below: a line, and few words. */
export function BottomAxis({
  scale,
  top,
  ticks,
  format,
}: {
  scale: Linear | Time;
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
      tickLabelProps={() => ({ ...TICK, textAnchor: "middle", dy: "0.4em" })}
    />
  );
}

/** The axis on the left: no line, but a faint rule at each figure. */
export function LeftAxis({
  scale,
  left,
  right,
  ticks,
  format,
}: {
  scale: Linear;
  left: number;
  right: number;
  ticks: number;
  format: (value: number) => string;
}) {
  return (
    <>
      {scale.ticks(ticks).map((value) => (
        <line key={value} className="rule" x1={left} x2={right} y1={scale(value)} y2={scale(value)} />
      ))}
      <AxisLeft
        scale={scale}
        left={left}
        numTicks={ticks}
        tickFormat={(value) => format(Number(value))}
        hideAxisLine
        hideTicks
        tickLength={6}
        tickLabelProps={() => ({ ...TICK, textAnchor: "end", dy: "0.32em" })}
      />
    </>
  );
}

/** What each colour means. */
export function Legend({ entries }: { entries: { label: string; series: number; dashed?: boolean }[] }) {
  return (
    <ul className="legend">
      {entries.map(({ label, series, dashed }) => (
        <li key={label} className={`s${series}`}>
          <svg width="18" height="10" aria-hidden="true">
            <line x1="0" x2="18" y1="5" y2="5" className="line" strokeDasharray={dashed ? "4 3" : undefined} />
          </svg>
          <span>{label}</span>
        </li>
      ))}
    </ul>
  );
}
