import { scaleLinear } from "@visx/scale";
import { AreaClosed, LinePath } from "@visx/shape";
import { interval, rate } from "../format";
import { density, deviation, mean } from "../stats/beta";
import { BottomAxis, Chart } from "./frame";

export interface Curve {
  id: string;
  label: string;
  alpha: number;
  beta: number;
  /** Which of the series' colours, from 1. */
  series: number;
  /** Drawn as an outline only: how it was. */
  past?: boolean;
}

const POINTS = 160;
const SPREAD = 4.2;
const WIDEST = 8;
const MARGIN = { top: 14, right: 12, bottom: 26, left: 12 };

function ends({ alpha, beta }: Curve): [number, number] {
  const centre = mean(alpha, beta);
  const reach = SPREAD * deviation(alpha, beta);
  return [Math.max(0, centre - reach), Math.min(1, centre + reach)];
}

function points(curve: Curve, low: number, high: number): { x: number; y: number }[] {
  const [from, to] = ends(curve);
  const start = Math.max(low, from - (to - from) * 0.25);
  const end = Math.min(high, to + (to - from) * 0.25);
  return Array.from({ length: POINTS + 1 }, (_, i) => {
    const x = start + ((end - start) * i) / POINTS;
    // Just inside the ends, where a density may be infinite.
    return { x, y: density(Math.min(Math.max(x, 1e-6), 1 - 1e-6), curve.alpha, curve.beta) };
  });
}

/** Beta curves on one axis of rates: the narrower, the surer. `marks` are rates drawn from them. */
export function Posteriors({
  curves,
  height = 260,
  domain,
  marks = [],
}: {
  curves: Curve[];
  height?: number;
  domain?: [number, number];
  marks?: { id: string; x: number; series: number; best: boolean }[];
}) {
  // What next to nothing is known of may run off the edge: it must not squeeze the others into a corner.
  const spreads = curves.map(ends);
  const narrowest = Math.min(...spreads.map(([from, to]) => to - from));
  const all = spreads.filter(([from, to]) => to - from <= narrowest * WIDEST);
  const low = domain?.[0] ?? Math.max(0, Math.min(...all.map(([from]) => from)));
  const high = domain?.[1] ?? Math.min(1, Math.max(...all.map(([, to]) => to)));
  const drawn = curves.map((curve) => ({ curve, line: points(curve, low, high) }));
  // Only what is drawn in full sets the scale: a nearly certain past would flatten everything else.
  const peaks = drawn.map(({ line }) => Math.max(...line.map(({ y }) => y)));
  const top = Math.max(...peaks.filter(Number.isFinite), 1e-9);
  const label = curves
    .map((curve) => {
      const reach = 1.96 * deviation(curve.alpha, curve.beta);
      const centre = mean(curve.alpha, curve.beta);
      return `${curve.label}: about ${rate(centre, centre - reach, centre + reach)}, ${interval(Math.max(0, centre - reach), Math.min(1, centre + reach))}`;
    })
    .join("; ");
  return (
    <Chart height={height} label={`Curves of what the success rates may be. ${label}`}>
      {(width) => {
        const x = scaleLinear<number>({ domain: [low, high], range: [MARGIN.left, width - MARGIN.right] });
        const y = scaleLinear<number>({ domain: [0, top], range: [height - MARGIN.bottom, MARGIN.top] });
        const decimals = high - low < 0.01 ? 2 : high - low < 0.08 ? 1 : 0;
        return (
          <>
            {drawn.map(({ curve, line }) => (
              <g key={curve.id} className={`s${curve.series}`}>
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
            {marks.map((mark) => (
              <g key={mark.id} className={`s${mark.series}`} transform={`translate(${x(mark.x)}, 0)`}>
                <line y1={MARGIN.top} y2={height - MARGIN.bottom} className="line" strokeDasharray="2 3" />
                <circle cy={height - MARGIN.bottom} r={mark.best ? 6.5 : 4} className="dot" />
              </g>
            ))}
            <BottomAxis
              scale={x}
              top={height - MARGIN.bottom}
              ticks={Math.max(3, Math.min(9, Math.floor(width / 90)))}
              format={(value) => `${(value * 100).toFixed(decimals)}%`}
            />
          </>
        );
      }}
    </Chart>
  );
}
