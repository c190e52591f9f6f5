/** Drawings that fit into a table's cell. Each stands beside its figures, so none of them speaks to a screen reader. */

const WIDTH = 96;
const HEIGHT = 26;

/** The rate of each day with impressions, on a scale of its own. */
export function Sparkline({ impressions, successes }: { impressions: number[]; successes: number[] }) {
  const points = impressions.flatMap((shown, day) => (shown > 0 ? [{ day, rate: (successes[day] ?? 0) / shown }] : []));
  if (points.length === 0) return null;
  const top = Math.max(...points.map(({ rate }) => rate), 1e-9);
  const x = (day: number) => 3 + (day / Math.max(impressions.length - 1, 1)) * (WIDTH - 6);
  const y = (rate: number) => HEIGHT - 3 - (rate / top) * (HEIGHT - 6);
  const last = points[points.length - 1];
  return (
    <svg width={WIDTH} height={HEIGHT} aria-hidden="true" className="sparkline">
      <polyline points={points.map(({ day, rate }) => `${x(day)},${y(rate)}`).join(" ")} />
      {last && <circle cx={x(last.day)} cy={y(last.rate)} r="2.25" />}
    </svg>
  );
}

/** A rate and its interval on a scale shared by the whole column, from 0 to `top`. */
export function IntervalBar({
  value,
  lower,
  upper,
  top,
}: {
  value: number;
  lower: number;
  upper: number;
  top: number;
}) {
  const place = (x: number) => `${Math.min(x / top, 1) * 100}%`;
  return (
    <span className="interval-bar" aria-hidden="true">
      <i style={{ left: place(lower), width: `calc(${place(upper)} - ${place(lower)})` }} data-open={upper > top} />
      {value <= top && <b style={{ left: place(value) }} />}
    </span>
  );
}

/** A part of 1. */
export function PartBar({ value }: { value: number }) {
  return (
    <span className="part-bar" aria-hidden="true">
      <i style={{ width: `${value * 100}%` }} />
    </span>
  );
}
