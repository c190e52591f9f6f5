import { useEffect, useRef, useState } from "react";
import { formatCount, formatShare } from "../../format";
import { seeded, type Uniform } from "../../stats/beta";
import {
  averageRegret,
  newSimulation,
  POLICIES,
  type Policy,
  POLICY_LABELS,
  simulateRounds,
  type Simulation,
} from "../../stats/policies";
import { Scrollable } from "../../ui/scrollable";
import { Term } from "../../ui/tooltip";
import { POLICY_COLOURS, POLICY_DASHES, RegretChart } from "./regret-chart";

const INITIAL_RATES = [0.05, 0.08, 0.12, 0.15];
const ROUNDS = 2000;
const ROUNDS_PER_FRAME = 12;
const SIMULATIONS_TO_AVERAGE = 100;

/** Simulates three selection policies on variants whose true rates the user sets, and compares their regret. */
export function PolicyComparison() {
  const [rates, setRates] = useState(INITIAL_RATES);
  const [simulation, setSimulation] = useState<Simulation>(() => newSimulation(INITIAL_RATES));
  const [isRunning, setIsRunning] = useState(false);
  const [averages, setAverages] = useState<Record<Policy, number> | null>(null);
  const uniform = useRef<Uniform>(Math.random);

  useEffect(() => {
    if (!isRunning) return;
    const prefersReducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const rounds = prefersReducedMotion ? ROUNDS : ROUNDS_PER_FRAME;
    let frame = requestAnimationFrame(function step() {
      setSimulation((old) =>
        old.round >= ROUNDS ? old : simulateRounds(old, Math.min(rounds, ROUNDS - old.round), uniform.current),
      );
      frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [isRunning]);

  const isFinished = simulation.round >= ROUNDS;
  const restart = (newRates: number[]) => {
    setRates(newRates);
    setSimulation(newSimulation(newRates));
    setAverages(null);
    setIsRunning(false);
    uniform.current = seeded(Math.floor(Math.random() * 2 ** 32));
  };
  return (
    <section className="card stack" aria-labelledby="policies">
      <h2 id="policies">3 · Watch it learn</h2>
      <p className="muted readable-width">
        Three policies serve the same visitors. Set the true rates, which no policy knows.{" "}
        <Term definition="Cumulative regret: the sum over all rounds of the best arm's rate minus the shown arm's rate">
          Regret
        </Term>{" "}
        is what a policy has lost compared with always showing the best variant. A flat line means that the policy has
        found it.
      </p>
      <div className="rate-sliders">
        {rates.map((value, i) => (
          <label key={i} className="slider">
            <span>
              Variant {i + 1} <b className="number">{formatShare(value)}</b>
            </span>
            <input
              type="range"
              min={1}
              max={40}
              value={Math.round(value * 100)}
              aria-valuetext={formatShare(value)}
              onChange={(event) => restart(rates.map((old, j) => (j === i ? Number(event.target.value) / 100 : old)))}
            />
          </label>
        ))}
      </div>
      <div className="row">
        <button
          type="button"
          className="button primary"
          onClick={() => {
            if (isFinished) restart(rates);
            setIsRunning(isFinished || !isRunning);
          }}
        >
          {isFinished ? "Run again" : isRunning ? "Pause" : simulation.round === 0 ? "Run" : "Continue"}
        </button>
        <button
          type="button"
          className="button"
          onClick={() =>
            setAverages(averageRegret(rates, ROUNDS, SIMULATIONS_TO_AVERAGE, Math.floor(Math.random() * 2 ** 31)))
          }
        >
          Average of {SIMULATIONS_TO_AVERAGE} simulations
        </button>
        <span className="muted small number">
          round {formatCount(simulation.round)} of {formatCount(ROUNDS)}
        </span>
      </div>
      <div className="regret-chart">
        <RegretChart simulation={simulation} rounds={ROUNDS} />
        {simulation.round === 0 && (
          <p className="muted small">Press Run: all three policies serve the same {formatCount(ROUNDS)} visitors.</p>
        )}
      </div>
      <PolicyTable simulation={simulation} averages={averages} />
      <p className="small muted readable-width">
        A single simulation depends on luck: the greedy policy sometimes picks the right variant at once, and sometimes
        never leaves a wrong one. The average shows what to expect. If the rates are close and the rounds few, no policy
        is far ahead.
      </p>
    </section>
  );
}

/** The regret of each policy, and how often it showed each variant. */
function PolicyTable({ simulation, averages }: { simulation: Simulation; averages: Record<Policy, number> | null }) {
  return (
    <Scrollable label="Results of each policy">
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Policy</th>
            <th scope="col" className="numeric">
              Regret so far
            </th>
            {averages && (
              <th scope="col" className="numeric">
                Average regret after {formatCount(ROUNDS)} rounds
              </th>
            )}
            {simulation.rates.map((_, i) => (
              <th scope="col" key={i} className="numeric">
                Variant {i + 1} shown
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {POLICIES.map((policy) => {
            const { regret, counts } = simulation.runs[policy];
            return (
              <tr key={policy} className={`series-${POLICY_COLOURS[policy]}`}>
                <td>
                  <span className="row" style={{ flexWrap: "nowrap" }}>
                    <svg width="26" height="10" aria-hidden="true">
                      <line x1="0" x2="26" y1="5" y2="5" className="line" strokeDasharray={POLICY_DASHES[policy]} />
                    </svg>
                    {POLICY_LABELS[policy]}
                  </span>
                </td>
                <td className="numeric">{regret.toFixed(1)}</td>
                {averages && <td className="numeric">{averages[policy].toFixed(1)}</td>}
                {counts.map(({ successes, failures }, i) => (
                  <td key={i} className="numeric">
                    {simulation.round === 0 ? "–" : formatShare((successes + failures) / simulation.round)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </Scrollable>
  );
}
