import { useMemo, useState } from "react";
import { PosteriorChart } from "../../charts/posterior-chart";
import { formatChance, formatCount, formatRate } from "../../format";
import { type Arm, chanceToBeBest, draw } from "../../stats/beta";
import { Scrollable } from "../../ui/scrollable";
import { Term } from "../../ui/tooltip";

const NAMES = ["A", "B", "C"];
const DRAWS_AT_ONCE = 1000;

const PRESETS: { label: string; arms: Arm[] }[] = [
  {
    label: "At the start",
    arms: [
      { alpha: 1, beta: 1 },
      { alpha: 1, beta: 1 },
      { alpha: 1, beta: 1 },
    ],
  },
  {
    label: "After 9 visitors",
    arms: [
      { alpha: 4, beta: 1 },
      { alpha: 5, beta: 1 },
      { alpha: 3, beta: 1 },
    ],
  },
  {
    label: "After 117 visitors",
    arms: [
      { alpha: 25, beta: 11 },
      { alpha: 45, beta: 6 },
      { alpha: 15, beta: 21 },
    ],
  },
  {
    label: "After 1,294 visitors",
    arms: [
      { alpha: 250, beta: 150 },
      { alpha: 400, beta: 100 },
      { alpha: 180, beta: 220 },
    ],
  },
];

const INITIAL_PRESET = PRESETS[2] ?? { label: "", arms: [] };

/** Three curves, a draw from each, and how often each variant has the highest draw. */
export function ThompsonDrawDemo() {
  const [preset, setPreset] = useState(INITIAL_PRESET);
  const [draws, setDraws] = useState<number[] | null>(null);
  const [wins, setWins] = useState([0, 0, 0]);
  const exactChances = useMemo(() => chanceToBeBest(preset.arms), [preset]);
  const totalDraws = wins.reduce((sum, n) => sum + n, 0);
  const drawTimes = (times: number) => {
    const newWins = [...wins];
    let lastDraws: number[] = [];
    for (let i = 0; i < times; i++) {
      lastDraws = preset.arms.map(({ alpha, beta }) => draw(alpha, beta, Math.random));
      const best = lastDraws.indexOf(Math.max(...lastDraws));
      newWins[best] = (newWins[best] ?? 0) + 1;
    }
    setDraws(lastDraws);
    setWins(newWins);
  };
  const highest = draws === null ? -1 : draws.indexOf(Math.max(...draws));
  return (
    <section className="card demo" aria-labelledby="draws">
      <div className="stack">
        <h2 id="draws">2 · Draw from each curve, show the highest</h2>
        <p className="muted">
          For every selection, armful draws one rate from each curve and shows the variant with the highest draw. A
          narrow curve at high rates wins nearly every time. A wide curve wins from time to time, so its variant gets
          the chance to prove itself.
        </p>
        <div className="row" role="group" aria-label="Amount of data">
          {PRESETS.map((option) => (
            <button
              key={option.label}
              type="button"
              className="button compact"
              aria-pressed={option === preset}
              onClick={() => {
                setPreset(option);
                setDraws(null);
                setWins([0, 0, 0]);
              }}
            >
              {option.label}
            </button>
          ))}
        </div>
        <div className="row">
          <button type="button" className="button primary" onClick={() => drawTimes(1)}>
            Draw once
          </button>
          <button type="button" className="button" onClick={() => drawTimes(DRAWS_AT_ONCE)}>
            Draw {formatCount(DRAWS_AT_ONCE)} times
          </button>
        </div>
        <p aria-live="polite" className="number">
          {draws === null
            ? "No draws yet."
            : `${draws.map((x, i) => `${NAMES[i]} ${formatRate(x, x - 0.02, x + 0.02)}`).join(", ")}: ${NAMES[highest]} is shown.`}
        </p>
      </div>
      <div className="stack">
        <PosteriorChart
          curves={preset.arms.map((arm, i) => ({ id: NAMES[i] ?? "", label: NAMES[i] ?? "", ...arm, series: i + 1 }))}
          domain={[0, 1]}
          height={230}
          draws={(draws ?? []).map((x, i) => ({ id: NAMES[i] ?? "", x, series: i + 1, highest: i === highest }))}
        />
        <Scrollable label="How often each variant is shown">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Variant</th>
                <th scope="col" className="numeric">
                  α, β
                </th>
                <th scope="col" className="numeric">
                  <Term definition="The probability that this variant has the highest draw, by numerical integration">
                    Exact chance
                  </Term>
                </th>
                <th scope="col" className="numeric">
                  Shown in {formatCount(totalDraws)} {totalDraws === 1 ? "draw" : "draws"}
                </th>
              </tr>
            </thead>
            <tbody>
              {preset.arms.map(({ alpha, beta }, i) => (
                <tr key={NAMES[i]} className={`series-${i + 1}`}>
                  <td>
                    <span className="row">
                      <i className="swatch" aria-hidden="true" /> {NAMES[i]}
                    </span>
                  </td>
                  <td className="numeric">
                    {alpha}, {beta}
                  </td>
                  <td className="numeric">{formatExtremeChance(exactChances[i] ?? 0)}</td>
                  <td className="numeric">{totalDraws === 0 ? "–" : formatChance((wins[i] ?? 0) / totalDraws)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scrollable>
      </div>
    </section>
  );
}

/** A probability with enough digits to tell it from 0 and 1. */
function formatExtremeChance(value: number): string {
  if (value < 1e-9) return "practically never";
  if (value > 1 - 1e-7) return "practically always";
  const percent = value * 100;
  if (percent < 0.01) return `${percent.toPrecision(1).replace(/e-(\d+)/, "·10⁻$1")}\u202f%`;
  return `${percent.toFixed(2)}\u202f%`;
}
