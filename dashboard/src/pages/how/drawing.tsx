import { useMemo, useState } from "react";
import { Posteriors } from "../../charts/posteriors";
import { chance, count, rate } from "../../format";
import { type Arm, chanceToBeBest, draw } from "../../stats/beta";
import { Scroll } from "../../ui/scroll";
import { Term } from "../../ui/tip";

const NAMES = ["A", "B", "C"];
const MANY = 1000;

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
    label: "After 9 leads",
    arms: [
      { alpha: 4, beta: 1 },
      { alpha: 5, beta: 1 },
      { alpha: 3, beta: 1 },
    ],
  },
  {
    label: "After 117 leads",
    arms: [
      { alpha: 25, beta: 11 },
      { alpha: 45, beta: 6 },
      { alpha: 15, beta: 21 },
    ],
  },
  {
    label: "After 1,294 leads",
    arms: [
      { alpha: 250, beta: 150 },
      { alpha: 400, beta: 100 },
      { alpha: 180, beta: 220 },
    ],
  },
];

const START = PRESETS[2] ?? { label: "", arms: [] };

/** Three curves, a draw from each, and how often each one wins. */
export function Drawing() {
  const [preset, setPreset] = useState(START);
  const [draws, setDraws] = useState<number[] | null>(null);
  const [wins, setWins] = useState([0, 0, 0]);
  const exact = useMemo(() => chanceToBeBest(preset.arms), [preset]);
  const rounds = wins.reduce((sum, n) => sum + n, 0);
  const go = (times: number) => {
    const counted = [...wins];
    let last: number[] = [];
    for (let i = 0; i < times; i++) {
      last = preset.arms.map(({ alpha, beta }) => draw(alpha, beta, Math.random));
      const best = last.indexOf(Math.max(...last));
      counted[best] = (counted[best] ?? 0) + 1;
    }
    setDraws(last);
    setWins(counted);
  };
  const highest = draws === null ? -1 : draws.indexOf(Math.max(...draws));
  return (
    <section className="card lesson" aria-labelledby="drawing">
      <div className="stack">
        <h2 id="drawing">2 · Draw from each curve, show the highest</h2>
        <p className="quiet">
          For every selection armful draws one rate from each curve and shows the variant with the highest. A narrow,
          high curve wins nearly always; a wide one wins now and then, which is how it gets its chance to prove itself.
        </p>
        <div className="row" role="group" aria-label="State">
          {PRESETS.map((given) => (
            <button
              key={given.label}
              type="button"
              className="button tight"
              aria-pressed={given === preset}
              onClick={() => {
                setPreset(given);
                setDraws(null);
                setWins([0, 0, 0]);
              }}
            >
              {given.label}
            </button>
          ))}
        </div>
        <div className="row">
          <button type="button" className="button primary" onClick={() => go(1)}>
            Draw once
          </button>
          <button type="button" className="button" onClick={() => go(MANY)}>
            Draw {count(MANY)} times
          </button>
        </div>
        <p aria-live="polite" className="number">
          {draws === null
            ? "Nothing drawn yet."
            : `${draws.map((x, i) => `${NAMES[i]} ${rate(x, x - 0.02, x + 0.02)}`).join(", ")}: ${NAMES[highest]} is shown.`}
        </p>
      </div>
      <div className="stack">
        <Posteriors
          curves={preset.arms.map((arm, i) => ({ id: NAMES[i] ?? "", label: NAMES[i] ?? "", ...arm, series: i + 1 }))}
          domain={[0, 1]}
          height={230}
          marks={(draws ?? []).map((x, i) => ({ id: NAMES[i] ?? "", x, series: i + 1, best: i === highest }))}
        />
        <Scroll label="Each variant's chance">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Variant</th>
                <th scope="col" className="num">
                  α, β
                </th>
                <th scope="col" className="num">
                  <Term exact="P(θ is the largest), by quadrature of the Beta densities">Shown, exactly</Term>
                </th>
                <th scope="col" className="num">
                  Shown in {count(rounds)} {rounds === 1 ? "draw" : "draws"}
                </th>
              </tr>
            </thead>
            <tbody>
              {preset.arms.map(({ alpha, beta }, i) => (
                <tr key={NAMES[i]} className={`s${i + 1}`}>
                  <td>
                    <span className="row">
                      <i className="swatch" aria-hidden="true" /> {NAMES[i]}
                    </span>
                  </td>
                  <td className="num">
                    {alpha}, {beta}
                  </td>
                  <td className="num">{tiny(exact[i] ?? 0)}</td>
                  <td className="num">{rounds === 0 ? "–" : chance((wins[i] ?? 0) / rounds)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </div>
    </section>
  );
}

/** A chance with the digits that are left where it is nearly 0 or nearly 1. */
function tiny(value: number): string {
  if (value < 1e-9) return "practically never";
  if (value > 1 - 1e-7) return "practically always";
  const percent = value * 100;
  if (percent < 0.01) return `${percent.toPrecision(1).replace(/e-(\d+)/, "·10⁻$1")}\u202f%`;
  return `${percent.toFixed(2)}\u202f%`;
}
