import { scaleLinear, scaleUtc } from "@visx/scale";
import { Area, LinePath } from "@visx/shape";
import { useState } from "react";
import { formatDay } from "../format";
import { BottomAxis, ChartLegend, LeftAxis, ResponsiveChart } from "./chart";
import { axisRange, type Point, type Series } from "./time-series";
import { PointValues, TimeSeriesTable } from "./time-series-table";

const MARGIN = { top: 10, right: 14, bottom: 28, left: 52 };
const HEIGHT = 250;
const HALF_DAY_MS = 43_200_000;
const PIXELS_PER_TICK = 70;

/** Percentages by day as lines with their intervals as bands, and the same values in a table below. */
export function TimeSeriesChart({
  label,
  series,
  format,
  limits,
  zeroLine = false,
  bandLabel = "interval",
  outerBandLabel,
}: {
  label: string;
  series: Series[];
  format: (value: number) => string;
  /** The widest possible range of the vertical axis. */
  limits: [number, number];
  /** Whether to emphasise the line at 0, and to show a plus sign before positive axis labels. */
  zeroLine?: boolean;
  bandLabel?: string;
  outerBandLabel?: string;
}) {
  const [hoveredDay, setHoveredDay] = useState<string | null>(null);
  const days = [...new Set(series.flatMap(({ points }) => points.map(({ day }) => day)))].sort();
  if (days.length === 0) return null;
  const [low, high] = axisRange(series, limits, zeroLine);
  const decimals = high - low < 0.005 ? 2 : high - low < 0.05 ? 1 : 0;
  const axisLabel = (value: number) => {
    const text = `${Math.abs(value * 100).toFixed(decimals)}\u202f%`;
    return value < 0 ? `\u2212${text}` : zeroLine && value > 0 ? `+${text}` : text;
  };
  const first = Date.parse(days[0] ?? "");
  const last = Date.parse(days[days.length - 1] ?? "");
  const timeRange = first === last ? [first - HALF_DAY_MS, last + HALF_DAY_MS] : [first, last];
  return (
    <figure className="figure">
      {series.length > 1 && <ChartLegend entries={series} />}
      <ResponsiveChart height={HEIGHT} label={`${label}, by day. The values are in the table below.`}>
        {(width) => {
          const x = scaleUtc<number>({ domain: timeRange, range: [MARGIN.left, width - MARGIN.right] });
          const y = scaleLinear<number>({
            domain: [low, high],
            range: [HEIGHT - MARGIN.bottom, MARGIN.top],
            clamp: true,
          });
          const xOf = (point: Point) => x(Date.parse(point.day));
          const yOf = (value: number | null | undefined, infinite: number) => y(value ?? infinite);
          const selectNearestDay = (event: React.PointerEvent<SVGRectElement>) => {
            const bounds = event.currentTarget.getBoundingClientRect();
            const time = x.invert(event.clientX - bounds.left + MARGIN.left).getTime();
            setHoveredDay(
              days.reduce((a, b) => (Math.abs(Date.parse(b) - time) < Math.abs(Date.parse(a) - time) ? b : a)),
            );
          };
          const maxTicks = Math.max(2, Math.floor((width - MARGIN.left) / PIXELS_PER_TICK));
          const step = Math.ceil(days.length / maxTicks);
          return (
            <>
              <LeftAxis scale={y} left={MARGIN.left} right={width - MARGIN.right} ticks={5} format={axisLabel} />
              {zeroLine && (
                <line className="zero-line" x1={MARGIN.left} x2={width - MARGIN.right} y1={y(0)} y2={y(0)} />
              )}
              {series.map(({ label: name, series: colour, points }) => (
                <g key={name} className={`series-${colour}`}>
                  <Area
                    data={points.filter(({ outerBand }) => outerBand)}
                    x={xOf}
                    y0={(p) => yOf(p.outerBand?.[0], low)}
                    y1={(p) => yOf(p.outerBand?.[1], high)}
                    className="outer-band"
                  />
                  <Area
                    data={points.filter(({ band }) => band)}
                    x={xOf}
                    y0={(p) => yOf(p.band?.[0], low)}
                    y1={(p) => yOf(p.band?.[1], high)}
                    className="inner-band"
                  />
                  <LinePath
                    data={points.filter(({ value }) => value !== null)}
                    x={xOf}
                    y={(p) => y(p.value ?? 0)}
                    className="line"
                  />
                  {days.length === 1 &&
                    points.map((p) => (
                      <g key={p.day} transform={`translate(${xOf(p)}, 0)`}>
                        {p.outerBand && (
                          <line className="outer-bar" y1={yOf(p.outerBand[0], low)} y2={yOf(p.outerBand[1], high)} />
                        )}
                        {p.band && <line className="inner-bar" y1={yOf(p.band[0], low)} y2={yOf(p.band[1], high)} />}
                      </g>
                    ))}
                  {points.map(
                    (p) =>
                      p.value !== null &&
                      (days.length < 40 || p.day === hoveredDay) && (
                        <circle
                          key={p.day}
                          cx={xOf(p)}
                          cy={y(p.value)}
                          r={p.day === hoveredDay || days.length === 1 ? 4.5 : 2.5}
                          className="dot"
                        />
                      ),
                  )}
                </g>
              ))}
              {hoveredDay !== null && (
                <line
                  className="cursor"
                  x1={x(Date.parse(hoveredDay))}
                  x2={x(Date.parse(hoveredDay))}
                  y1={MARGIN.top}
                  y2={HEIGHT - MARGIN.bottom}
                />
              )}
              <BottomAxis
                scale={x}
                top={HEIGHT - MARGIN.bottom}
                ticks={days.filter((_, i) => (days.length - 1 - i) % step === 0).map((value) => new Date(value))}
                format={(value) => formatDay(new Date(value).toISOString())}
              />
              <rect
                x={MARGIN.left}
                y={0}
                width={Math.max(0, width - MARGIN.left - MARGIN.right)}
                height={HEIGHT}
                fill="transparent"
                onPointerMove={selectNearestDay}
                onPointerLeave={() => setHoveredDay(null)}
              />
            </>
          );
        }}
      </ResponsiveChart>
      {hoveredDay !== null && <PointValues day={hoveredDay} series={series} format={format} />}
      <TimeSeriesTable
        label={label}
        series={series}
        days={days}
        format={format}
        bandLabel={bandLabel}
        outerBandLabel={outerBandLabel}
      />
    </figure>
  );
}
