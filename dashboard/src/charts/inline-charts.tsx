/** Charts that fit into a table cell. The numbers stand beside each chart, so the charts are hidden from screen readers. */

const WIDTH = 96;
const HEIGHT = 26;

/** A line of daily rates, skipping days without impressions, scaled to its own maximum. */
export function Sparkline({ impressions, successes }: { impressions: number[]; successes: number[] }) {
  const points = impressions.flatMap((total, day) => (total > 0 ? [{ day, rate: (successes[day] ?? 0) / total }] : []));
  if (points.length === 0) return null;
  const max = Math.max(...points.map(({ rate }) => rate), 1e-9);
  const x = (day: number) => 3 + (day / Math.max(impressions.length - 1, 1)) * (WIDTH - 6);
  const y = (rate: number) => HEIGHT - 3 - (rate / max) * (HEIGHT - 6);
  const last = points[points.length - 1];
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden="true" className="sparkline">
      <polyline points={points.map(({ day, rate }) => `${x(day)},${y(rate)}`).join(" ")} />
      {last && <circle cx={x(last.day)} cy={y(last.rate)} r="2.25" />}
    </svg>
  );
}

/** A rate and its interval on a scale from 0 to `max`, which all rows of the column share. */
export function IntervalBar({
  value,
  lower,
  upper,
  max,
}: {
  value: number;
  lower: number;
  upper: number;
  max: number;
}) {
  const position = (x: number) => `${Math.min(x / max, 1) * 100}%`;
  return (
    <span className="interval-bar" aria-hidden="true">
      <i
        style={{ left: position(lower), width: `calc(${position(upper)} - ${position(lower)})` }}
        data-clipped={upper > max}
      />
      {value <= max && <b style={{ left: position(value) }} />}
    </span>
  );
}

/** A bar filled to `value`, a fraction of 1. */
export function ProportionBar({ value }: { value: number }) {
  return (
    <span className="proportion-bar" aria-hidden="true">
      <i style={{ width: `${value * 100}%` }} />
    </span>
  );
}
