import type { RowView, SummaryView, TableQuery, TableView } from "armful-client";

export type Column = NonNullable<TableQuery["sort"]>;
export type Status = NonNullable<TableQuery["status"]>;

/** What of the table is looked at. */
export interface View {
  search: string;
  /** Values asked for, by dimension. */
  dimensions: Record<string, string>;
  status: Status;
  column: Column;
  descending: boolean;
}

/** Rows are asked for in pages of this many. */
export const PAGE = 100;

/** What a page of a view is asked for by. */
export function asked(view: View, page: number): TableQuery {
  return {
    search: view.search.trim(),
    dimensions: view.dimensions,
    status: view.status,
    sort: view.column,
    order: view.descending ? "descending" : "ascending",
    offset: page * PAGE,
    limit: PAGE,
  };
}

/** The pages that rows `first` to `last` lie on, beyond the first one. */
export function pagesOf(first: number, last: number): number[] {
  const from = Math.max(1, Math.floor(first / PAGE));
  const to = Math.floor(last / PAGE);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

/** The row at a place of the table, from the pages that are there. */
export function rowAt(pages: ReadonlyMap<number, TableView>, index: number): RowView | undefined {
  return pages.get(Math.floor(index / PAGE))?.rows[index % PAGE];
}

/** The right end of the rates' common scale: a round figure above every bound of which something is known. */
export function scaleTop({ highest_bound: top }: SummaryView): number {
  if (top === 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(top));
  return Math.min(1, Math.ceil(top / (unit / 2)) * (unit / 2));
}

/** What the table says in a sentence or two. */
export function verdict({ active, impressions, untried, contenders, leader }: SummaryView): {
  title: string;
  next: string;
  leader: RowView | null;
} {
  if (active === 0) {
    return { title: "Nothing to compare yet", next: "Create variants, then show what armful selects.", leader };
  }
  if (active === 1) {
    return { title: "One variant only", next: "Add another: with one there is nothing to choose.", leader };
  }
  if (impressions === 0) {
    return { title: "Nothing was shown yet", next: "Show what armful selects and report what happens.", leader: null };
  }
  if (untried > 0) {
    return {
      title: "Still trying",
      next:
        untried === 1
          ? "One variant was hardly shown and may be anything: armful tries it next."
          : `${untried} variants were hardly shown and may be anything: armful tries them next.`,
      leader,
    };
  }
  const chance = leader?.standing?.chance_to_be_best ?? 0;
  if (chance >= 0.95) {
    return { title: "A clear leader", next: "Selections go to it nearly always. Try new variants against it.", leader };
  }
  if (chance >= 0.7) return { title: "A likely leader", next: "Go on: the doubt that is left is small.", leader };
  return {
    title: "Too early to tell",
    next: `${contenders === 0 ? "Many" : contenders} variants may still be the best. Go on showing what armful selects.`,
    leader,
  };
}
