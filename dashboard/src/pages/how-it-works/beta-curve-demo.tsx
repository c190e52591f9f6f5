import { useState } from "react";
import { PosteriorChart } from "../../charts/posterior-chart";
import { formatChance, formatRate } from "../../format";
import { cumulative, mean, quantile } from "../../stats/beta";
import { Term } from "../../ui/tooltip";

const PRESETS = [
  { alpha: 1, beta: 1, label: "No data" },
  { alpha: 5, beta: 1, label: "4 of 4" },
  { alpha: 1, beta: 5, label: "0 of 4" },
  { alpha: 25, beta: 11, label: "24 of 34" },
  { alpha: 121, beta: 881, label: "120 of 1,000" },
];

/** Sliders for α and β, and the Beta curve with those parameters. */
export function BetaCurveDemo() {
  const [{ alpha, beta }, setParameters] = useState({ alpha: 5, beta: 1 });
  const low = quantile(0.025, alpha, beta);
  const high = quantile(0.975, alpha, beta);
  const expectedRate = mean(alpha, beta);
  const between80And90 = cumulative(0.9, alpha, beta) - cumulative(0.8, alpha, beta);
  const shape =
    alpha === beta
      ? "symmetric"
      : alpha > beta
        ? "skewed, with its tail to the left"
        : "skewed, with its tail to the right";
  return (
    <section className="card demo" aria-labelledby="beta-curve">
      <div className="stack">
        <h2 id="beta-curve">1 · A curve of plausible rates</h2>
        <p className="muted">
          Each success adds 1 to α, and each failure adds 1 to β. Both start at 1, where every rate is equally likely.
          The curve shows how plausible each value of the true rate is. It is wide with little data, and gets narrower
          with more.
        </p>
        <Slider label="α = successes + 1" value={alpha} onChange={(value) => setParameters({ alpha: value, beta })} />
        <Slider label="β = failures + 1" value={beta} onChange={(value) => setParameters({ alpha, beta: value })} />
        <div className="row">
          {PRESETS.map((preset) => (
            <button key={preset.label} type="button" className="button compact" onClick={() => setParameters(preset)}>
              {preset.label}
            </button>
          ))}
        </div>
      </div>
      <div className="stack">
        <PosteriorChart
          curves={[{ id: "one", label: `Beta(${alpha}, ${beta})`, alpha, beta, series: 1 }]}
          domain={alpha + beta < 200 ? [0, 1] : [0, 0.3]}
        />
        <p className="number" aria-live="polite">
          <Term definition={`Posterior mean α / (α + β) = ${alpha} / ${alpha + beta}`}>Expected rate</Term>{" "}
          <strong>{formatRate(expectedRate)}</strong>;{" "}
          <Term definition="Equal-tailed 95 % credible interval">95 % interval</Term>{" "}
          <strong>
            {formatRate(low).replace(/\s*%/, "")} to {formatRate(high)}
          </strong>
          . {formatChance(between80And90)} of the area under the curve lies between 80 % and 90 %. The curve is {shape}.
        </p>
      </div>
    </section>
  );
}

const SLIDER_VALUES = [
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

/** A slider over whole numbers, in steps of 1 up to 60 and in larger steps above. */
function Slider({ label, value, onChange }: { label: string; value: number; onChange: (value: number) => void }) {
  const position = SLIDER_VALUES.findIndex((candidate) => candidate >= value);
  return (
    <label className="slider">
      <span>
        {label} <b className="number">{value}</b>
      </span>
      <input
        type="range"
        min={0}
        max={SLIDER_VALUES.length - 1}
        value={position < 0 ? SLIDER_VALUES.length - 1 : position}
        aria-valuetext={String(value)}
        onChange={(event) => onChange(SLIDER_VALUES[Number(event.target.value)] ?? 1)}
      />
    </label>
  );
}
