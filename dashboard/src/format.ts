/** Numbers as people read them: to the digits that mean something. */

const NARROW = "\u202f";
const MINUS = "\u2212";

/** A count: 12,345, and from ten million on 12.3M. */
export function count(value: number): string {
  return value >= 1e7
    ? new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value)
    : new Intl.NumberFormat("en", { maximumFractionDigits: 0 }).format(value);
}

function percent(value: number, decimals: number): string {
  const text = new Intl.NumberFormat("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(
    Math.abs(value) * 100,
  );
  const sign = value < 0 && Number(text.replaceAll(",", "")) !== 0 ? MINUS : "";
  return `${sign}${text}${NARROW}%`;
}

/** Decimals of a percentage whose standard error is `spread` (a fraction): shown as far as a step is half of that. */
export function decimals(spread: number): number {
  if (!(spread > 0)) return 1;
  return Math.min(4, Math.max(0, -Math.floor(Math.log10(spread * 50))));
}

/** A rate, with as many digits as its interval lets mean something. */
export function rate(value: number, lower?: number, upper?: number): string {
  return percent(value, lower === undefined || upper === undefined ? 1 : decimals((upper - lower) / 4));
}

/** Both ends of an interval of rates: "10.1 to 14.2 %". */
export function interval(lower: number, upper: number): string {
  const digits = decimals((upper - lower) / 4);
  return `${percent(lower, digits).replace(`${NARROW}%`, "")} to ${percent(upper, digits)}`;
}

/** A relative change: "+12.6 %". */
export function lift(value: number): string {
  const text = percent(value, Math.abs(value) >= 1 ? 0 : 1);
  return value > 0 ? `+${text}` : text;
}

/** Both ends of an interval of relative changes; an open end is "no bound". */
export function liftInterval(lower: number | null, upper: number | null): string {
  return `${lower === null ? "no bound" : lift(lower)} to ${upper === null ? "no bound" : lift(upper)}`;
}

/** A probability, never rounded to certainty. */
export function chance(value: number): string {
  if (value > 0.999 && value < 1) return `>${NARROW}99.9${NARROW}%`;
  if (value > 0 && value < 0.001) return `<${NARROW}0.1${NARROW}%`;
  return percent(value, value > 0 && (value < 0.1 || value > 0.99) && value < 1 ? 1 : 0);
}

/** A part of a whole. */
export function share(value: number): string {
  if (value > 0 && value < 0.001) return `<${NARROW}0.1${NARROW}%`;
  return percent(value, value > 0 && value < 0.1 ? 1 : 0);
}

/** A p-value to two digits that mean something: "p = 0.0054". */
export function pValue(value: number): string {
  if (value < 0.0001) return `p <${NARROW}0.0001`;
  return `p = ${value < 0.1 ? Number(value.toPrecision(2)) : value.toFixed(2)}`;
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** How long ago: "3 minutes ago". */
export function ago(iso: string, now = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
  for (const [unit, size] of UNITS) {
    if (seconds >= size) return words.format(-Math.floor(seconds / size), unit);
  }
  return "just now";
}

/** A day in UTC: "21 Nov". */
export function day(iso: string): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(iso));
}

/** A moment where the reader is: "21 Nov 2026, 20:08". */
export function moment(iso: string): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** Whose key it was. */
export function who(actor: string): string {
  return actor === "settings" ? "armful's own key" : actor;
}

/** A number of things: "1 day", "3 days". */
export function things(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
