/** Formats numbers, dates and names for display, with no more digits than the data supports. */

const NARROW = "\u202f";
const MINUS = "\u2212";

/** A count: 12,345; in compact form from ten million: 12.3M. */
export function formatCount(value: number): string {
  return value >= 1e7
    ? new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 }).format(value)
    : new Intl.NumberFormat("en", { maximumFractionDigits: 0 }).format(value);
}

function percentage(value: number, decimals: number): string {
  const text = new Intl.NumberFormat("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals }).format(
    Math.abs(value) * 100,
  );
  const sign = value < 0 && Number(text.replaceAll(",", "")) !== 0 ? MINUS : "";
  return `${sign}${text}${NARROW}%`;
}

/** How many decimals to show for a percentage whose standard error is `standardError` (a fraction of 1). */
export function percentDecimals(standardError: number): number {
  if (!(standardError > 0)) return 1;
  return Math.min(4, Math.max(0, -Math.floor(Math.log10(standardError * 50))));
}

/** A rate as a percentage, with the decimals that its interval supports. */
export function formatRate(value: number, lower?: number, upper?: number): string {
  return percentage(value, lower === undefined || upper === undefined ? 1 : percentDecimals((upper - lower) / 4));
}

/** An interval of rates: "10.1 to 14.2 %". */
export function formatInterval(lower: number, upper: number): string {
  const digits = percentDecimals((upper - lower) / 4);
  return `${percentage(lower, digits).replace(`${NARROW}%`, "")} to ${percentage(upper, digits)}`;
}

/** How many decimals to show for a number whose standard error is `standardError`. */
function numberDecimals(standardError: number): number {
  return Math.min(6, Math.max(0, -Math.floor(Math.log10(standardError / 2))));
}

/** A number, such as revenue, with the decimals that its interval supports. */
export function formatNumber(value: number, lower?: number, upper?: number): string {
  const decimals =
    lower === undefined || upper === undefined || !(upper > lower)
      ? { maximumSignificantDigits: 4 }
      : { maximumFractionDigits: numberDecimals((upper - lower) / 4) };
  return new Intl.NumberFormat("en", decimals).format(value).replace("-", MINUS);
}

/** A relative change: "+12.6 %". */
export function formatLift(value: number): string {
  const text = percentage(value, Math.abs(value) >= 1 ? 0 : 1);
  return value > 0 ? `+${text}` : text;
}

/** An interval of relative changes; an infinite end is shown as "no bound". */
export function formatLiftInterval(lower: number | null, upper: number | null): string {
  return `${lower === null ? "no bound" : formatLift(lower)} to ${upper === null ? "no bound" : formatLift(upper)}`;
}

/** A probability, never rounded to 0 or 100 %. */
export function formatChance(value: number): string {
  if (value > 0.999 && value < 1) return `>${NARROW}99.9${NARROW}%`;
  if (value > 0 && value < 0.001) return `<${NARROW}0.1${NARROW}%`;
  return percentage(value, value > 0 && (value < 0.1 || value > 0.99) && value < 1 ? 1 : 0);
}

/** A share of a total. */
export function formatShare(value: number): string {
  if (value > 0 && value < 0.001) return `<${NARROW}0.1${NARROW}%`;
  return percentage(value, value > 0 && value < 0.1 ? 1 : 0);
}

/** A p-value with two significant digits: "p = 0.0054". */
export function formatPValue(value: number): string {
  if (value < 0.0001) return `p <${NARROW}0.0001`;
  return `p = ${value < 0.1 ? Number(value.toPrecision(2)) : value.toFixed(2)}`;
}

const TIME_UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** The time since a moment: "3 min. ago". */
export function formatTimeAgo(iso: string, now = Date.now()): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  const format = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
  for (const [unit, size] of TIME_UNITS) {
    if (seconds >= size) return format.format(-Math.floor(seconds / size), unit);
  }
  return "just now";
}

/** A date in UTC: "21 Nov". */
export function formatDay(iso: string): string {
  return new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", timeZone: "UTC" }).format(new Date(iso));
}

/** A date and time in the reader's time zone: "21 Nov 2026, 20:08". */
export function formatDateTime(iso: string): string {
  return new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" }).format(new Date(iso));
}

/** The name of the API key that made a change; "settings" is the key from armful's configuration. */
export function actorName(actor: string): string {
  return actor === "settings" ? "the configured key" : actor;
}

/** A count with its noun: "1 day", "3 days". */
export function pluralize(value: number, singular: string, plural = `${singular}s`): string {
  return `${formatCount(value)} ${value === 1 ? singular : plural}`;
}
