import { scaleLinear } from "@visx/scale";
import { AreaClosed, LinePath } from "@visx/shape";
import { formatInterval, formatRate } from "../format";
import { density, deviation, mean } from "../stats/beta";
import { BottomAxis, ResponsiveChart } from "./chart";

export interface PosteriorCurve {
  id: string;
  label: string;
  alpha: number;
  beta: number;
  /** The index of the series colour, from 1. */
  series: number;
  /** Whether to draw a dashed outline instead of a filled area, for an earlier state. */
  past?: boolean;
}

const POINTS_PER_CURVE = 160;
/** Half the width of a curve's range, in standard deviations. */
const RANGE_DEVIATIONS = 4.2;
/** Curves wider than this many times the narrowest one do not widen the axis. */
const MAX_WIDTH_RATIO = 8;
const MARGIN = { top: 14, right: 12, bottom: 26, left: 12 };

function rangeOf({ alpha, beta }: PosteriorCurve): [number, number] {
  const centre = mean(alpha, beta);
  const margin = RANGE_DEVIATIONS * deviation(alpha, beta);
  return [Math.max(0, centre - margin), Math.min(1, centre + margin)];
}

function densityPoints(curve: PosteriorCurve, low: number, high: number): { x: number; y: number }[] {
  const [from, to] = rangeOf(curve);
  const start = Math.max(low, from - (to - from) * 0.25);
  const end = Math.min(high, to + (to - from) * 0.25);
  return Array.from({ length: POINTS_PER_CURVE + 1 }, (_, i) => {
    const x = start + ((end - start) * i) / POINTS_PER_CURVE;
    // Stay just inside 0 and 1, where a density may be infinite.
    return { x, y: density(Math.min(Math.max(x, 1e-6), 1 - 1e-6), curve.alpha, curve.beta) };
  });
}

/** The density of each Beta posterior on a common axis of rates. `draws` marks rates drawn from the curves. */
export function PosteriorChart({
  curves,
  height = 260,
  domain,
  draws = [],
}: {
  curves: PosteriorCurve[];
  height?: number;
  domain?: [number, number];
  draws?: { id: string; x: number; series: number; highest: boolean }[];
}) {
  // A very wide curve may run off the edge, so that it does not squeeze the others together.
  const ranges = curves.map(rangeOf);
  const narrowest = Math.min(...ranges.map(([from, to]) => to - from));
  const shownRanges = ranges.filter(([from, to]) => to - from <= narrowest * MAX_WIDTH_RATIO);
  const low = domain?.[0] ?? Math.max(0, Math.min(...shownRanges.map(([from]) => from)));
  const high = domain?.[1] ?? Math.min(1, Math.max(...shownRanges.map(([, to]) => to)));
  const drawn = curves.map((curve) => ({ curve, line: densityPoints(curve, low, high) }));
  // Ignore infinite peaks, which would flatten every other curve.
  const peaks = drawn.map(({ line }) => Math.max(...line.map(({ y }) => y)));
  const highestPeak = Math.max(...peaks.filter(Number.isFinite), 1e-9);
  const label = curves
    .map((curve) => {
      const margin = 1.96 * deviation(curve.alpha, curve.beta);
      const centre = mean(curve.alpha, curve.beta);
      return `${curve.label}: about ${formatRate(centre, centre - margin, centre + margin)}, ${formatInterval(Math.max(0, centre - margin), Math.min(1, centre + margin))}`;
    })
    .join("; ");
  return (
    <ResponsiveChart height={height} label={`Posterior distributions of the success rates. ${label}`}>
      {(width) => {
        const x = scaleLinear<number>({ domain: [low, high], range: [MARGIN.left, width - MARGIN.right] });
        const y = scaleLinear<number>({ domain: [0, highestPeak], range: [height - MARGIN.bottom, MARGIN.top] });
        const decimals = high - low < 0.01 ? 2 : high - low < 0.08 ? 1 : 0;
        return (
          <>
            {drawn.map(({ curve, line }) => (
              <g key={curve.id} className={`series-${curve.series}`}>
                {!curve.past && (
                  <AreaClosed data={line} x={(p) => x(p.x)} y={(p) => y(p.y)} yScale={y} className="area" />
                )}
                <LinePath
                  data={line}
                  x={(p) => x(p.x)}
                  y={(p) => y(p.y)}
                  className="line"
                  strokeDasharray={curve.past ? "5 4" : undefined}
                />
              </g>
            ))}
            {draws.map((mark) => (
              <g key={mark.id} className={`series-${mark.series}`} transform={`translate(${x(mark.x)}, 0)`}>
                <line y1={MARGIN.top} y2={height - MARGIN.bottom} className="line" strokeDasharray="2 3" />
                <circle cy={height - MARGIN.bottom} r={mark.highest ? 6.5 : 4} className="dot" />
              </g>
            ))}
            <BottomAxis
              scale={x}
              top={height - MARGIN.bottom}
              ticks={Math.max(3, Math.min(9, Math.floor(width / 90)))}
              format={(value) => `${(value * 100).toFixed(decimals)}\u202f%`}
            />
          </>
        );
      }}
    </ResponsiveChart>
  );
}
