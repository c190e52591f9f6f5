import type { DayView, ExperimentView, ResultsView } from "armful-client";
import { useState } from "react";
import { OverTime } from "../../charts/over-time";
import { chance, lift } from "../../format";

const FURTHEST_LIFT = 5;

/** Lift and chance to be best, as they were at the end of each day. */
export function OverDays({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const days = results.interim_results?.time_series ?? [];
  const others = experiment.variants
    .map(({ variant_id }) => variant_id)
    .filter((id) => id !== experiment.control_variant_id);
  const leading = results.statistical_significance.leading_variant_id;
  const [chosen, setChosen] = useState<string | null>(null);
  const shown = chosen ?? leading ?? others[0];
  const colour = (id: string) => (experiment.variants.findIndex(({ variant_id }) => variant_id === id) % 8) + 1;
  const of = (id: string) => days.filter(({ variant_id }) => variant_id === id);
  if (days.length === 0) return null;
  return (
    <div className="columns">
      {shown !== undefined && (
        <section className="card stack" aria-labelledby="lift-over-time">
          <div className="spread">
            <h2 id="lift-over-time">Lift over control</h2>
            {others.length > 1 && (
              <select
                className="select tight"
                aria-label="Variant"
                value={shown}
                onChange={(event) => setChosen(event.target.value)}
              >
                {others.map((id) => (
                  <option key={id}>{id}</option>
                ))}
              </select>
            )}
          </div>
          <p className="small quiet">
            Inner band: the range if it ended then. Outer band: the range that holds however often one looks.
          </p>
          <OverTime
            label={`Lift of ${shown} over ${experiment.control_variant_id}`}
            series={[{ label: shown, series: colour(shown), points: of(shown).map(liftPoint) }]}
            format={lift}
            limits={[-1, FURTHEST_LIFT]}
            zero
            bandLabel="if it ended then"
            wideLabel="at every look"
          />
        </section>
      )}
      <section className="card stack" aria-labelledby="chance-over-time">
        <h2 id="chance-over-time">Chance to be best</h2>
        <p className="small quiet">It moves a lot early on: judge by it at the end, not at its best moment.</p>
        <OverTime
          label="Chance to be best"
          series={experiment.variants.map(({ variant_id }) => ({
            label: variant_id,
            series: colour(variant_id),
            points: of(variant_id).map(({ day, chance_to_be_best }) => ({ day, value: chance_to_be_best })),
          }))}
          format={chance}
          limits={[0, 1]}
        />
      </section>
    </div>
  );
}

function liftPoint(point: DayView) {
  return { day: point.day, value: point.lift, band: point.lift_interval, wide: point.always_valid_lift_interval };
}
