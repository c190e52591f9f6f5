import type { DefinitionView, ResultsView } from "armful-client";
import { formatNumber, formatRate } from "../../format";

/** What results are about: those of the experiment's first metric, of another metric, or of a segment. */
interface Figures {
  participants: ResultsView["participants"];
  definition?: DefinitionView | undefined;
  values?: ResultsView["values"] | undefined;
}

/** What the value of a metric is called. */
export function valueName(definition: DefinitionView | undefined): string {
  if (definition === undefined) return "Conversion rate";
  if (definition.unit === "impression")
    return definition.type === "number" ? "Mean per impression" : "Successes per impression";
  return definition.type === "number" ? "Mean per participant" : "Conversion rate";
}

/** A value of a metric: a number, or a rate as a percentage. */
export function formatValue(value: number, definition: DefinitionView | undefined, lower?: number, upper?: number) {
  return definition?.type === "number" ? formatNumber(value, lower, upper) : formatRate(value, lower, upper);
}

/** A variant's value of a metric; null if there is nothing to divide by. */
export function valueOf({ participants, values }: Omit<Figures, "definition">, variantId: string): number | null {
  if (values !== undefined) return values[variantId]?.value ?? null;
  const people = participants[variantId];
  return people !== undefined && people.participants > 0 ? people.conversion_rate : null;
}

/** A variant's value as text, or a dash. */
export function formatValueOf(figures: Figures, variantId: string): string {
  const value = valueOf(figures, variantId);
  return value === null ? "–" : formatValue(value, figures.definition);
}

/** Which values were limited, in a sentence; null if the metric has no limit. */
export function limitNote({ definition, values }: Omit<Figures, "participants">): string | null {
  if (definition?.winsorize == null) return null;
  const quantile = `${Number((definition.winsorize * 100).toPrecision(6))}\u202f%`;
  if (definition.limit === null) {
    return `Values are limited at the ${quantile} quantile of those that are not 0: so far none is larger.`;
  }
  const counts = Object.entries(values ?? {}).map(([id, { limited }]) => `${limited} of ${id}`);
  return `Values beyond ${formatNumber(definition.limit)} count as ${formatNumber(definition.limit)}, the ${quantile} quantile of those that are not 0. That concerns participants: ${counts.join(", ")}.`;
}
