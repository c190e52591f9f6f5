import type { VariantHistory } from "armful-client";
import { TimeSeriesChart } from "../../charts/time-series-chart";
import { formatRate } from "../../format";
import { Term } from "../../ui/tooltip";

/** The variant's success rate of each day, with its interval. */
export function DailyRateChart({ history, days }: { history: VariantHistory; days: number }) {
  return (
    <section className="card stack" aria-labelledby="daily-rate">
      <h2 id="daily-rate">Success rate by day</h2>
      {history.days.length === 0 ? (
        <p className="muted small">No data was reported in the last {days} days.</p>
      ) : (
        <>
          <p className="small muted">
            The band is the <Term definition="Wilson score interval of the rate of each UTC day">95 % interval</Term> of
            each day. If the bands of two days overlap, their rates may not differ.
          </p>
          <TimeSeriesChart
            label="Success rate"
            series={[
              {
                label: "Success rate",
                series: 1,
                points: history.days.map(({ day, success_rate, lower_bound, upper_bound }) => ({
                  day,
                  value: success_rate,
                  band: [lower_bound, upper_bound],
                })),
              },
            ]}
            format={(value) => formatRate(value)}
            limits={[0, 1]}
          />
        </>
      )}
    </section>
  );
}
