import { useEffect, useRef, useState } from "react";
import { scaleLinear } from "@visx/scale";
import { LinePath } from "@visx/shape";
import { BottomAxis, Chart, LeftAxis } from "../../charts/frame";
import { count, share } from "../../format";
import { seeded, type Uniform } from "../../stats/beta";
import { average, type Game, newGame, play, POLICIES, type Policy, POLICY_WORDS } from "../../stats/policies";
import { Term } from "../../ui/tip";
import { Scroll } from "../../ui/scroll";

const START = [0.05, 0.08, 0.12, 0.15];
const ROUNDS = 2000;
const A_FRAME = 12;
const GAMES = 100;
const SERIES: Record<Policy, number> = { thompson: 1, greedy: 2, random: 3 };
const DASHES: Record<Policy, string | undefined> = { thompson: undefined, greedy: "7 4", random: "2 3" };
const MARGIN = { top: 10, right: 14, bottom: 28, left: 46 };
const HEIGHT = 280;

/** Three policies on the same arms, and what each one costs. */
export function Playing() {
  const [rates, setRates] = useState(START);
  const [game, setGame] = useState<Game>(() => newGame(START));
  const [running, setRunning] = useState(false);
  const [averages, setAverages] = useState<Record<Policy, number> | null>(null);
  const luck = useRef<Uniform>(Math.random);

  useEffect(() => {
    if (!running) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const rounds = still ? ROUNDS : A_FRAME;
    let frame = requestAnimationFrame(function step() {
      setGame((old) => (old.round >= ROUNDS ? old : play(old, Math.min(rounds, ROUNDS - old.round), luck.current)));
      frame = requestAnimationFrame(step);
    });
    return () => cancelAnimationFrame(frame);
  }, [running]);

  const over = game.round >= ROUNDS;
  const again = (to: number[]) => {
    setRates(to);
    setGame(newGame(to));
    setAverages(null);
    setRunning(false);
    luck.current = seeded(Math.floor(Math.random() * 2 ** 32));
  };
  return (
    <section className="card stack" aria-labelledby="playing">
      <h2 id="playing">3 · Watch it learn</h2>
      <p className="quiet measure">
        Three ways of choosing meet the same people. Set the true rates, which none of them knows.{" "}
        <Term exact="Cumulative regret: the sum over rounds of the best arm's rate minus the shown arm's">Regret</Term>{" "}
        is what each has lost against showing the best one every time: flat means it has found it.
      </p>
      <div className="rates">
        {rates.map((value, i) => (
          <label key={i} className="slider">
            <span>
              Variant {i + 1} <b className="number">{share(value)}</b>
            </span>
            <input
              type="range"
              min={1}
              max={40}
              value={Math.round(value * 100)}
              aria-valuetext={share(value)}
              onChange={(event) => again(rates.map((old, j) => (j === i ? Number(event.target.value) / 100 : old)))}
            />
          </label>
        ))}
      </div>
      <div className="row">
        <button
          type="button"
          className="button primary"
          onClick={() => {
            if (over) again(rates);
            setRunning(over || !running);
          }}
        >
          {over ? "Play again" : running ? "Pause" : game.round === 0 ? "Play" : "Go on"}
        </button>
        <button
          type="button"
          className="button"
          onClick={() => setAverages(average(rates, ROUNDS, GAMES, Math.floor(Math.random() * 2 ** 31)))}
        >
          Average of {GAMES} games
        </button>
        <span className="quiet small number">
          round {count(game.round)} of {count(ROUNDS)}
        </span>
      </div>
      <div className="regret">
        <Regret game={game} />
        {game.round === 0 && <p className="quiet small">Press Play: all three meet the same {count(ROUNDS)} people.</p>}
      </div>
      <Scroll label="How each policy did">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Way of choosing</th>
              <th scope="col" className="num">
                Lost so far
              </th>
              {averages && (
                <th scope="col" className="num">
                  Lost on average in {count(ROUNDS)} rounds
                </th>
              )}
              {rates.map((_, i) => (
                <th scope="col" key={i} className="num">
                  Showed {i + 1}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {POLICIES.map((policy) => {
              const { regret, tallies } = game.plays[policy];
              return (
                <tr key={policy} className={`s${SERIES[policy]}`}>
                  <td>
                    <span className="row" style={{ flexWrap: "nowrap" }}>
                      <svg width="26" height="10" aria-hidden="true">
                        <line x1="0" x2="26" y1="5" y2="5" className="line" strokeDasharray={DASHES[policy]} />
                      </svg>
                      {POLICY_WORDS[policy]}
                    </span>
                  </td>
                  <td className="num">{regret.toFixed(1)}</td>
                  {averages && <td className="num">{averages[policy].toFixed(1)}</td>}
                  {tallies.map(({ successes, failures }, i) => (
                    <td key={i} className="num">
                      {game.round === 0 ? "–" : share((successes + failures) / game.round)}
                    </td>
                  ))}
                </tr>
              );
            })}
          </tbody>
        </table>
      </Scroll>
      <p className="small quiet measure">
        One game is luck: “always the best so far” sometimes picks the right one at once, and sometimes never leaves a
        wrong one. The average shows what to expect. Where the rates are close and the rounds few, no way of choosing is
        far ahead.
      </p>
    </section>
  );
}

function Regret({ game }: { game: Game }) {
  const top = Math.max(10, ...POLICIES.map((policy) => game.plays[policy].regret));
  const words = POLICIES.map((policy) => `${POLICY_WORDS[policy]} ${game.plays[policy].regret.toFixed(0)}`).join(", ");
  return (
    <Chart height={HEIGHT} label={`Regret after ${game.round} rounds: ${words}`}>
      {(width) => {
        const x = scaleLinear<number>({ domain: [0, ROUNDS], range: [MARGIN.left, width - MARGIN.right] });
        const y = scaleLinear<number>({ domain: [0, top * 1.08], range: [HEIGHT - MARGIN.bottom, MARGIN.top] });
        const every = Math.max(1, Math.floor(ROUNDS / (width - MARGIN.left)));
        return (
          <>
            <LeftAxis
              scale={y}
              left={MARGIN.left}
              right={width - MARGIN.right}
              ticks={5}
              format={(value) => count(value)}
            />
            {POLICIES.map((policy) => (
              <g key={policy} className={`s${SERIES[policy]}`}>
                <LinePath
                  data={game.plays[policy].path.flatMap((regret, round) =>
                    round % every === 0 ? [{ regret, round }] : [],
                  )}
                  x={(p) => x(p.round)}
                  y={(p) => y(p.regret)}
                  className="line"
                  strokeDasharray={DASHES[policy]}
                />
              </g>
            ))}
            <BottomAxis
              scale={x}
              top={HEIGHT - MARGIN.bottom}
              ticks={Math.max(3, Math.min(8, Math.floor(width / 110)))}
              format={(value) => count(value)}
            />
          </>
        );
      }}
    </Chart>
  );
}
