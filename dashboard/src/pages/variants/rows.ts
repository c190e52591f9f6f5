import type { StandingsView, StandingView, VariantView } from "armful-client";

/** A variant with how it stands among the active ones; archived ones stand nowhere. */
export interface Row {
  variant: VariantView;
  standing: StandingView | null;
}

/** Impressions under which a rate says next to nothing. */
const HARDLY_SHOWN = 30;

export type Column = "name" | "rate" | "impressions" | "chance" | "share" | "used";

export interface View {
  search: string;
  /** Values asked for, by dimension. */
  dimensions: Record<string, string>;
  column: Column;
  descending: boolean;
}

export function join(variants: VariantView[], standings: StandingsView | undefined): Row[] {
  const byId = new Map(standings?.standings.map((standing) => [standing.variant_id, standing]));
  return variants.map((variant) => ({ variant, standing: byId.get(variant.variant_id) ?? null }));
}

const VALUE: Record<Exclude<Column, "name">, (row: Row) => number> = {
  rate: ({ variant }) => variant.performance.success_rate,
  impressions: ({ variant }) => variant.performance.impressions,
  chance: ({ standing }) => standing?.chance_to_be_best ?? -1,
  share: ({ standing }) => standing?.recent_share ?? -1,
  used: ({ variant }) => (variant.last_used === null ? 0 : Date.parse(variant.last_used)),
};

const natural = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function text({ variant }: Row): string {
  const dimensions = Object.entries(variant.dimensions).flat().join("\n");
  return `${variant.variant_id}\n${dimensions}\n${variant.content ?? ""}`.toLowerCase();
}

/** The rows that a view shows, in its order. */
export function arrange(rows: readonly Row[], view: View): Row[] {
  const words = view.search.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = Object.entries(view.dimensions);
  const shown = rows.filter((row) => {
    if (wanted.some(([name, value]) => row.variant.dimensions[name] !== value)) return false;
    if (words.length === 0) return true;
    const all = text(row);
    return words.every((word) => all.includes(word));
  });
  const direction = view.descending ? -1 : 1;
  const byName = (a: Row, b: Row) => natural.compare(a.variant.variant_id, b.variant.variant_id);
  if (view.column === "name") return shown.sort((a, b) => direction * byName(a, b));
  const value = VALUE[view.column];
  const keyed = shown.map((row) => [value(row), row] as const);
  return keyed.sort(([a, p], [b, q]) => direction * (a - b) || byName(p, q)).map(([, row]) => row);
}

/** Every dimension with its values, each with how many rows bear it. */
export function facets(rows: readonly Row[]): Map<string, Map<string, number>> {
  const found = new Map<string, Map<string, number>>();
  for (const { variant } of rows) {
    for (const [name, value] of Object.entries(variant.dimensions)) {
      const values = found.get(name) ?? new Map<string, number>();
      values.set(value, (values.get(value) ?? 0) + 1);
      found.set(name, values);
    }
  }
  return found;
}

/** The right end of the rates' common scale: the highest upper bound among variants of which something is known. */
export function scaleTop(rows: readonly Row[]): number {
  const enough = rows.filter(
    ({ variant, standing }) => standing !== null && variant.performance.impressions >= HARDLY_SHOWN,
  );
  const top = Math.max(0, ...enough.map(({ standing }) => standing?.upper_bound ?? 0));
  if (top === 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(top));
  return Math.min(1, Math.ceil(top / (unit / 2)) * (unit / 2));
}

const rank = ({ variant, standing }: Row) =>
  (standing?.chance_to_be_best ?? 0) + variant.performance.success_rate * 1e-9;

/** What the table says in a sentence or two. */
export function verdict(rows: readonly Row[]): { title: string; next: string; leader: Row | null } {
  const standing = rows.filter((row) => row.standing !== null);
  const leader = standing.reduce<Row | null>((best, row) => {
    return (row.standing?.chance_to_be_best ?? 0) > (best?.standing?.chance_to_be_best ?? 0) ? row : best;
  }, null);
  if (leader === null)
    return { title: "Nothing to compare yet", next: "Create variants, then show what armful selects.", leader };
  if (standing.length === 1) {
    return { title: "One variant only", next: "Add another: with one there is nothing to choose.", leader };
  }
  const shown = standing.reduce((sum, { variant }) => sum + variant.performance.impressions, 0);
  if (shown === 0) {
    return { title: "Nothing was shown yet", next: "Show what armful selects and report what happens.", leader: null };
  }
  const untried = standing.filter(({ variant, standing: at }) => {
    return variant.performance.impressions < HARDLY_SHOWN && (at?.chance_to_be_best ?? 0) >= 0.05;
  });
  if (untried.length > 0) {
    const known = standing.filter(({ variant }) => variant.performance.impressions >= HARDLY_SHOWN);
    return {
      title: "Still trying",
      next: `${untried.length === 1 ? "One variant was" : `${untried.length} variants were`} hardly shown and may be anything. armful tries them next.`,
      leader: known.reduce<Row | null>((best, row) => (best === null || rank(row) > rank(best) ? row : best), null),
    };
  }
  const chance = leader.standing?.chance_to_be_best ?? 0;
  const rivals = standing.filter((row) => (row.standing?.chance_to_be_best ?? 0) >= 0.05).length;
  if (chance >= 0.95) {
    return { title: "A clear leader", next: "Selections go to it nearly always. Try new variants against it.", leader };
  }
  if (chance >= 0.7) return { title: "A likely leader", next: "Go on: the doubt that is left is small.", leader };
  return {
    title: "Too early to tell",
    next: `${rivals === 0 ? "Many" : rivals} variants may still be the best. Go on showing what armful selects.`,
    leader,
  };
}
