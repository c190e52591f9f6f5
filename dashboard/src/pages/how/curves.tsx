import { useState } from "react";
import { Posteriors } from "../../charts/posteriors";
import { chance, rate } from "../../format";
import { cumulative, mean, quantile } from "../../stats/beta";
import { Term } from "../../ui/tip";

const PRESETS = [
  { alpha: 1, beta: 1, label: "Nothing known" },
  { alpha: 5, beta: 1, label: "4 of 4 worked" },
  { alpha: 1, beta: 5, label: "0 of 4 worked" },
  { alpha: 25, beta: 11, label: "24 of 34" },
  { alpha: 121, beta: 881, label: "120 of 1000" },
];

/** α and β, and the curve they make. */
export function Curves() {
  const [{ alpha, beta }, set] = useState({ alpha: 5, beta: 1 });
  const low = quantile(0.025, alpha, beta);
  const high = quantile(0.975, alpha, beta);
  const middle = mean(alpha, beta);
  const between = cumulative(0.9, alpha, beta) - cumulative(0.8, alpha, beta);
  const lean =
    alpha === beta
      ? "evenly around the middle"
      : alpha > beta
        ? "with its tail to the left"
        : "with its tail to the right";
  return (
    <section className="card lesson" aria-labelledby="curves">
      <div className="stack">
        <h2 id="curves">1 · A curve for what is known</h2>
        <p className="quiet">
          Each success adds 1 to α, each failure 1 to β; both begin at 1, where every rate is as likely as any other.
          The curve says where the true rate may lie. Few results make it wide, many make it narrow.
        </p>
        <Slider label="α = successes + 1" value={alpha} onChange={(value) => set({ alpha: value, beta })} />
        <Slider label="β = failures + 1" value={beta} onChange={(value) => set({ alpha, beta: value })} />
        <div className="row">
          {PRESETS.map((preset) => (
            <button key={preset.label} type="button" className="button tight" onClick={() => set(preset)}>
              {preset.label}
            </button>
          ))}
        </div>
      </div>
      <div className="stack">
        <Posteriors
          curves={[{ id: "one", label: `Beta(${alpha}, ${beta})`, alpha, beta, series: 1 }]}
          domain={alpha + beta < 200 ? [0, 1] : [0, 0.3]}
        />
        <p className="number" aria-live="polite">
          <Term exact={`Posterior mean α / (α + β) = ${alpha} / ${alpha + beta}`}>Expected rate</Term>{" "}
          <strong>{rate(middle)}</strong>; <Term exact="Equal-tailed 95 % credible interval">95 % sure</Term> it lies
          between{" "}
          <strong>
            {rate(low).replace(/\s*%/, "")} and {rate(high)}
          </strong>
          . {chance(between)} of the curve lies between 80 % and 90 %, and it stands {lean}.
        </p>
      </div>
    </section>
  );
}

const STEPS = [
  ...Array.from({ length: 60 }, (_, i) => i + 1),
  70,
  80,
  90,
  100,
  121,
  150,
  180,
  220,
  250,
  300,
  350,
  400,
  500,
  700,
  881,
  1000,
];

/** Small numbers in steps of one, large ones in larger steps. */
function Slider({ label, value, onChange }: { label: string; value: number; onChange: (value: number) => void }) {
  const at = STEPS.findIndex((step) => step >= value);
  return (
    <label className="slider">
      <span>
        {label} <b className="number">{value}</b>
      </span>
      <input
        type="range"
        min={0}
        max={STEPS.length - 1}
        value={at < 0 ? STEPS.length - 1 : at}
        aria-valuetext={String(value)}
        onChange={(event) => onChange(STEPS[Number(event.target.value)] ?? 1)}
      />
    </label>
  );
}
