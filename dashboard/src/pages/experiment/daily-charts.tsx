import type { DayView, ExperimentView, ResultsView } from "armful-client";
import { useState } from "react";
import { TimeSeriesChart } from "../../charts/time-series-chart";
import { formatChance, formatLift } from "../../format";

/** The vertical axis of the lift chart ends here at most: +500 %. */
const MAX_LIFT = 5;

/** Charts of each variant's lift and chance to be best at the end of each day. */
export function DailyCharts({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const days = results.interim_results?.time_series ?? [];
  const treatments = experiment.variants
    .map(({ variant_id }) => variant_id)
    .filter((id) => id !== experiment.control_variant_id);
  const leading = results.statistical_significance.leading_variant_id;
  const [selected, setSelected] = useState<string | null>(null);
  const shown = selected ?? leading ?? treatments[0];
  const colour = (id: string) => (experiment.variants.findIndex(({ variant_id }) => variant_id === id) % 8) + 1;
  const daysOf = (id: string) => days.filter(({ variant_id }) => variant_id === id);
  if (days.length === 0) return null;
  return (
    <div className="columns">
      {shown !== undefined && (
        <section className="card stack" aria-labelledby="daily-lift">
          <div className="row-between">
            <h2 id="daily-lift">Lift over control</h2>
            {treatments.length > 1 && (
              <select
                className="select compact"
                aria-label="Variant"
                value={shown}
                onChange={(event) => setSelected(event.target.value)}
              >
                {treatments.map((id) => (
                  <option key={id}>{id}</option>
                ))}
              </select>
            )}
          </div>
          <p className="small muted">
            Inner band: 95 % confidence interval if the experiment had been planned to end on that day. Outer band:
            sequential 95 % interval, valid at any time.
          </p>
          <TimeSeriesChart
            label={`Lift of ${shown} over ${experiment.control_variant_id}`}
            series={[{ label: shown, series: colour(shown), points: daysOf(shown).map(liftPoint) }]}
            format={formatLift}
            limits={[-1, MAX_LIFT]}
            zeroLine
            bandLabel="fixed-horizon interval"
            outerBandLabel="sequential interval"
          />
        </section>
      )}
      <section className="card stack" aria-labelledby="daily-chance">
        <h2 id="daily-chance">Chance to be best</h2>
        <p className="small muted">This varies a lot early on: judge by its value at the end, not by a peak.</p>
        <TimeSeriesChart
          label="Chance to be best"
          series={experiment.variants.map(({ variant_id }) => ({
            label: variant_id,
            series: colour(variant_id),
            points: daysOf(variant_id).map(({ day, chance_to_be_best }) => ({ day, value: chance_to_be_best })),
          }))}
          format={formatChance}
          limits={[0, 1]}
        />
      </section>
    </div>
  );
}

function liftPoint(point: DayView) {
  return { day: point.day, value: point.lift, band: point.lift_interval, outerBand: point.always_valid_lift_interval };
}
