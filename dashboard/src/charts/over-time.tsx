import { scaleLinear, scaleUtc } from "@visx/scale";
import { Area, LinePath } from "@visx/shape";
import { useState } from "react";
import { day as dayText } from "../format";
import { BottomAxis, Chart, LeftAxis, Legend } from "./frame";
import { Scroll } from "../ui/scroll";

export interface Point {
  /** A UTC day, as 2026-11-21. */
  day: string;
  value: number | null;
  /** The band that is drawn strongest. */
  band?: [number | null, number | null] | null;
  /** A wider band behind it. */
  wide?: [number | null, number | null] | null;
}

export interface Series {
  label: string;
  series: number;
  points: Point[];
}

const MARGIN = { top: 10, right: 14, bottom: 28, left: 52 };
const HEIGHT = 250;

/** Figures by day, with the bands they lie in. What is drawn stands in a table below, too. */
export function OverTime({
  label,
  series,
  format,
  limits,
  zero = false,
  bandLabel = "Range",
  wideLabel,
}: {
  label: string;
  series: Series[];
  format: (value: number) => string;
  /** Ends the vertical axis never exceeds. */
  limits: [number, number];
  /** Whether the line at 0 stands out. */
  zero?: boolean;
  bandLabel?: string;
  wideLabel?: string;
}) {
  const [at, setAt] = useState<string | null>(null);
  const days = [...new Set(series.flatMap(({ points }) => points.map(({ day }) => day)))].sort();
  if (days.length === 0) return null;
  const [low, high] = extent(series, limits, zero);
  const digits = high - low < 0.005 ? 2 : high - low < 0.05 ? 1 : 0;
  const axis = (value: number) => {
    const text = `${Math.abs(value * 100).toFixed(digits)}%`;
    return value < 0 ? `\u2212${text}` : zero && value > 0 ? `+${text}` : text;
  };
  const first = Date.parse(days[0] ?? "");
  const last = Date.parse(days[days.length - 1] ?? "");
  const range = first === last ? [first - 43_200_000, last + 43_200_000] : [first, last];
  return (
    <figure className="figure">
      {series.length > 1 && <Legend entries={series} />}
      <Chart height={HEIGHT} label={`${label}, by day. The figures are in the table below.`}>
        {(width) => {
          const x = scaleUtc<number>({ domain: range, range: [MARGIN.left, width - MARGIN.right] });
          const y = scaleLinear<number>({
            domain: [low, high],
            range: [HEIGHT - MARGIN.bottom, MARGIN.top],
            clamp: true,
          });
          const time = (point: Point) => x(Date.parse(point.day));
          const end = (value: number | null | undefined, open: number) => y(value ?? open);
          const nearest = (event: React.PointerEvent<SVGRectElement>) => {
            const box = event.currentTarget.getBoundingClientRect();
            const wanted = x.invert(event.clientX - box.left + MARGIN.left).getTime();
            setAt(days.reduce((a, b) => (Math.abs(Date.parse(b) - wanted) < Math.abs(Date.parse(a) - wanted) ? b : a)));
          };
          const most = Math.max(2, Math.floor((width - MARGIN.left) / 70));
          const step = Math.ceil(days.length / most);
          return (
            <>
              <LeftAxis scale={y} left={MARGIN.left} right={width - MARGIN.right} ticks={5} format={axis} />
              {zero && <line className="zero" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(0)} y2={y(0)} />}
              {series.map(({ label: name, series: colour, points }) => (
                <g key={name} className={`s${colour}`}>
                  <Area
                    data={points.filter(({ wide }) => wide)}
                    x={time}
                    y0={(p) => end(p.wide?.[0], low)}
                    y1={(p) => end(p.wide?.[1], high)}
                    className="wide-band"
                  />
                  <Area
                    data={points.filter(({ band }) => band)}
                    x={time}
                    y0={(p) => end(p.band?.[0], low)}
                    y1={(p) => end(p.band?.[1], high)}
                    className="band"
                  />
                  <LinePath
                    data={points.filter(({ value }) => value !== null)}
                    x={time}
                    y={(p) => y(p.value ?? 0)}
                    className="line"
                  />
                  {days.length === 1 &&
                    points.map((p) => (
                      <g key={p.day} transform={`translate(${time(p)}, 0)`}>
                        {p.wide && <line className="wide-bar" y1={end(p.wide[0], low)} y2={end(p.wide[1], high)} />}
                        {p.band && <line className="bar" y1={end(p.band[0], low)} y2={end(p.band[1], high)} />}
                      </g>
                    ))}
                  {points.map(
                    (p) =>
                      p.value !== null &&
                      (days.length < 40 || p.day === at) && (
                        <circle
                          key={p.day}
                          cx={time(p)}
                          cy={y(p.value)}
                          r={p.day === at || days.length === 1 ? 4.5 : 2.5}
                          className="dot"
                        />
                      ),
                  )}
                </g>
              ))}
              {at !== null && (
                <line
                  className="cursor"
                  x1={x(Date.parse(at))}
                  x2={x(Date.parse(at))}
                  y1={MARGIN.top}
                  y2={HEIGHT - MARGIN.bottom}
                />
              )}
              <BottomAxis
                scale={x}
                top={HEIGHT - MARGIN.bottom}
                ticks={days.filter((_, i) => (days.length - 1 - i) % step === 0).map((value) => new Date(value))}
                format={(value) => dayText(new Date(value).toISOString())}
              />
              <rect
                x={MARGIN.left}
                y={0}
                width={Math.max(0, width - MARGIN.left - MARGIN.right)}
                height={HEIGHT}
                fill="transparent"
                onPointerMove={nearest}
                onPointerLeave={() => setAt(null)}
              />
            </>
          );
        }}
      </Chart>
      {at !== null && <Readout day={at} series={series} format={format} />}
      <details>
        <summary>Show the figures</summary>
        <Scroll label={`${label}: figures`}>
          <table className="table">
            <thead>
              <tr>
                <th>Day</th>
                {series.map(({ label: name }) => (
                  <th
                    key={name}
                    className="num"
                    colSpan={wideLabel ? 3 : series.some((s) => s.points.some((p) => p.band)) ? 2 : 1}
                  >
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {days.toReversed().map((value) => (
                <tr key={value}>
                  <td>{dayText(value)}</td>
                  {series.flatMap(({ label: name, points }) => {
                    const point = points.find(({ day }) => day === value);
                    return [
                      <td key={name} className="num">
                        {point?.value == null ? "–" : format(point.value)}
                      </td>,
                      ...(series.some((s) => s.points.some((p) => p.band))
                        ? [
                            <td key={`${name} band`} className="num">
                              {ends(point?.band, format)} <span className="hidden-text">{bandLabel}</span>
                            </td>,
                          ]
                        : []),
                      ...(wideLabel
                        ? [
                            <td key={`${name} wide`} className="num">
                              {ends(point?.wide, format)} <span className="hidden-text">{wideLabel}</span>
                            </td>,
                          ]
                        : []),
                    ];
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      </details>
    </figure>
  );
}

function Readout({ day, series, format }: { day: string; series: Series[]; format: (value: number) => string }) {
  return (
    <p className="readout number" aria-hidden="true">
      <strong>{dayText(day)}</strong>
      {series.map(({ label, points, series: colour }) => {
        const point = points.find((one) => one.day === day);
        if (point?.value == null) return null;
        return (
          <span key={label} className={`s${colour}`}>
            {series.length > 1 && `${label} `}
            <b>{format(point.value)}</b> {point.band && ends(point.band, format)}
          </span>
        );
      })}
    </p>
  );
}

function ends(band: Point["band"], format: (value: number) => string): string {
  if (!band) return "–";
  return `${band[0] === null ? "open" : format(band[0])} to ${band[1] === null ? "open" : format(band[1])}`;
}

/** The vertical axis: all values, their bands as far as they stay within three times the values' own spread. */
function extent(series: Series[], limits: [number, number], zero: boolean): [number, number] {
  const points = series.flatMap(({ points: all }) => all);
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  const late = series.flatMap(({ points: all }) => all.slice(Math.floor(all.length / 4)));
  const edges = late.flatMap(({ band, wide }) => [...(band ?? []), ...(wide ?? [])]).filter((edge) => edge !== null);
  const all = [...values, ...edges, ...(zero ? [0] : [])];
  const low = Math.max(limits[0], Math.min(...all));
  const high = Math.min(limits[1], Math.max(...all));
  const room = (high - low || 0.01) * 0.06;
  return [low <= limits[0] ? limits[0] : Math.max(limits[0], low - room), Math.min(limits[1], high + room)];
}
