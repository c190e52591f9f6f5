import { scaleLinear } from "@visx/scale";
import { LinePath } from "@visx/shape";
import { BottomAxis, LeftAxis, ResponsiveChart } from "../../charts/chart";
import { formatCount } from "../../format";
import { POLICIES, type Policy, POLICY_LABELS, type Simulation } from "../../stats/policies";

export const POLICY_COLOURS: Record<Policy, number> = { thompson: 1, greedy: 2, random: 3 };
export const POLICY_DASHES: Record<Policy, string | undefined> = { thompson: undefined, greedy: "7 4", random: "2 3" };
const MARGIN = { top: 10, right: 14, bottom: 28, left: 46 };
const HEIGHT = 280;

/** The cumulative regret of each policy by round. */
export function RegretChart({ simulation, rounds }: { simulation: Simulation; rounds: number }) {
  const highest = Math.max(10, ...POLICIES.map((policy) => simulation.runs[policy].regret));
  const summary = POLICIES.map(
    (policy) => `${POLICY_LABELS[policy]} ${simulation.runs[policy].regret.toFixed(0)}`,
  ).join(", ");
  return (
    <ResponsiveChart height={HEIGHT} label={`Regret after ${simulation.round} rounds: ${summary}`}>
      {(width) => {
        const x = scaleLinear<number>({ domain: [0, rounds], range: [MARGIN.left, width - MARGIN.right] });
        const y = scaleLinear<number>({ domain: [0, highest * 1.08], range: [HEIGHT - MARGIN.bottom, MARGIN.top] });
        // Draw at most one point per pixel.
        const step = Math.max(1, Math.floor(rounds / (width - MARGIN.left)));
        return (
          <>
            <LeftAxis
              scale={y}
              left={MARGIN.left}
              right={width - MARGIN.right}
              ticks={5}
              format={(value) => formatCount(value)}
            />
            {POLICIES.map((policy) => (
              <g key={policy} className={`series-${POLICY_COLOURS[policy]}`}>
                <LinePath
                  data={simulation.runs[policy].regretByRound.flatMap((regret, round) =>
                    round % step === 0 ? [{ regret, round }] : [],
                  )}
                  x={(p) => x(p.round)}
                  y={(p) => y(p.regret)}
                  className="line"
                  strokeDasharray={POLICY_DASHES[policy]}
                />
              </g>
            ))}
            <BottomAxis
              scale={x}
              top={HEIGHT - MARGIN.bottom}
              ticks={Math.max(3, Math.min(8, Math.floor(width / 110)))}
              format={(value) => formatCount(value)}
            />
          </>
        );
      }}
    </ResponsiveChart>
  );
}
