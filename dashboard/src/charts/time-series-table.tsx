import { formatDay } from "../format";
import { Scrollable } from "../ui/scrollable";
import type { Interval, Series } from "./time-series";

/** The values of a time-series chart as a table, latest day first, folded away until the user opens it. */
export function TimeSeriesTable({
  label,
  series,
  days,
  format,
  bandLabel,
  outerBandLabel,
}: {
  label: string;
  series: Series[];
  days: string[];
  format: (value: number) => string;
  bandLabel: string;
  outerBandLabel: string | undefined;
}) {
  const hasBands = series.some(({ points }) => points.some(({ band }) => band));
  return (
    <details>
      <summary>Show as a table</summary>
      <Scrollable label={`${label}: table`}>
        <table className="table">
          <thead>
            <tr>
              <th>Day</th>
              {series.map(({ label: name }) => (
                <th key={name} className="numeric" colSpan={outerBandLabel ? 3 : hasBands ? 2 : 1}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.toReversed().map((day) => (
              <tr key={day}>
                <td>{formatDay(day)}</td>
                {series.flatMap(({ label: name, points }) => {
                  const point = points.find((candidate) => candidate.day === day);
                  return [
                    <td key={name} className="numeric">
                      {point?.value == null ? "–" : format(point.value)}
                    </td>,
                    ...(hasBands
                      ? [
                          <td key={`${name} band`} className="numeric">
                            {formatBand(point?.band, format)} <span className="visually-hidden">{bandLabel}</span>
                          </td>,
                        ]
                      : []),
                    ...(outerBandLabel
                      ? [
                          <td key={`${name} outer band`} className="numeric">
                            {formatBand(point?.outerBand, format)}{" "}
                            <span className="visually-hidden">{outerBandLabel}</span>
                          </td>,
                        ]
                      : []),
                  ];
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Scrollable>
    </details>
  );
}

/** The values of one day, shown while the pointer is near it. The table has the same values for screen readers. */
export function PointValues({
  day,
  series,
  format,
}: {
  day: string;
  series: Series[];
  format: (value: number) => string;
}) {
  return (
    <p className="point-values number" aria-hidden="true">
      <strong>{formatDay(day)}</strong>
      {series.map(({ label, points, series: colour }) => {
        const point = points.find((candidate) => candidate.day === day);
        if (point?.value == null) return null;
        return (
          <span key={label} className={`series-${colour}`}>
            {series.length > 1 && `${label} `}
            <b>{format(point.value)}</b> {point.band && formatBand(point.band, format)}
          </span>
        );
      })}
    </p>
  );
}

function formatBand(band: Interval | null | undefined, format: (value: number) => string): string {
  if (!band) return "–";
  const [lower, upper] = band.map((end) => (end === null ? "no bound" : format(end)));
  return `${lower} to ${upper}`;
}
