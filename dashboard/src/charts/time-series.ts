/** Lower and upper end; null is infinite. */
export type Interval = [number | null, number | null];

export interface Point {
  /** A UTC day, such as 2026-11-21. */
  day: string;
  value: number | null;
  /** The interval of the value. */
  band?: Interval | null;
  /** A wider interval, drawn behind `band`. */
  outerBand?: Interval | null;
}

export interface Series {
  label: string;
  /** The index of the series colour, from 1. */
  series: number;
  points: Point[];
}

/** Empty space above and below the values, as a part of the axis. */
const PADDING = 0.06;

/** The range of the vertical axis: every value, and the bands after the first quarter, whose days have wide bands. */
export function axisRange(series: Series[], limits: [number, number], includeZero: boolean): [number, number] {
  const values = series.flatMap(({ points }) => points.flatMap(({ value }) => (value === null ? [] : [value])));
  const laterPoints = series.flatMap(({ points }) => points.slice(Math.floor(points.length / 4)));
  const bandEnds = laterPoints
    .flatMap(({ band, outerBand }) => [...(band ?? []), ...(outerBand ?? [])])
    .filter((end) => end !== null);
  const shown = [...values, ...bandEnds, ...(includeZero ? [0] : [])];
  const low = Math.max(limits[0], Math.min(...shown));
  const high = Math.min(limits[1], Math.max(...shown));
  const padding = (high - low || 0.01) * PADDING;
  return [low <= limits[0] ? limits[0] : Math.max(limits[0], low - padding), Math.min(limits[1], high + padding)];
}
