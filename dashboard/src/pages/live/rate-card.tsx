import { formatCount } from "../../format";
import { Term } from "../../ui/tooltip";
import { POINTS_KEPT } from "./use-live-stream";

const WIDTH = 240;
const HEIGHT = 44;

/** The latest of a series of rates per second, with a line of the last minute. */
export function RateCard({ label, definition, rates }: { label: string; definition: string; rates: number[] }) {
  const latest = rates[rates.length - 1] ?? 0;
  const highest = Math.max(1, ...rates);
  const points = rates.map((value, i) => {
    const x = WIDTH - (rates.length - 1 - i) * (WIDTH / (POINTS_KEPT - 1));
    return `${x},${HEIGHT - 2 - (value / highest) * (HEIGHT - 6)}`;
  });
  return (
    <div className="card rate-card">
      <p className="small muted">
        <Term definition={definition}>{label}</Term>
      </p>
      <p className="large-number">{latest >= 10 ? formatCount(latest) : latest.toFixed(1).replace(/\.0$/, "")}</p>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <polyline points={points.join(" ")} />
      </svg>
    </div>
  );
}
