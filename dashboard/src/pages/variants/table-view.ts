import type { RowView, SummaryView, TableQuery, TableView } from "armful-client";

export type Column = NonNullable<TableQuery["sort"]>;
export type Status = NonNullable<TableQuery["status"]>;

/** Which variants the table shows, and in which order. */
export interface View {
  search: string;
  /** The selected value of each filtered dimension. */
  dimensions: Record<string, string>;
  /** The chosen pool; an empty name for the variants without a pool, null for all. */
  pool: string | null;
  status: Status;
  column: Column;
  descending: boolean;
}

/** The number of rows that one request loads. */
export const PAGE_SIZE = 100;

/** The query that loads a page of a view. */
export function pageQuery(view: View, page: number): TableQuery {
  return {
    search: view.search.trim(),
    dimensions: view.dimensions,
    ...(view.pool === null ? {} : { pool: view.pool }),
    status: view.status,
    sort: view.column,
    order: view.descending ? "descending" : "ascending",
    offset: page * PAGE_SIZE,
    limit: PAGE_SIZE,
  };
}

/** The pages that contain the rows `firstRow` to `lastRow`, except for page 0, which is always loaded. */
export function pagesToLoad(firstRow: number, lastRow: number): number[] {
  const from = Math.max(1, Math.floor(firstRow / PAGE_SIZE));
  const to = Math.floor(lastRow / PAGE_SIZE);
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

/** The row at an index of the table; undefined if its page is not loaded. */
export function rowAt(pages: ReadonlyMap<number, TableView>, index: number): RowView | undefined {
  return pages.get(Math.floor(index / PAGE_SIZE))?.rows[index % PAGE_SIZE];
}

/** The end of the axis that all interval bars share: a round number above every upper bound that matters. */
export function axisMax({ highest_bound }: SummaryView): number {
  if (highest_bound === 0) return 1;
  const unit = 10 ** Math.floor(Math.log10(highest_bound));
  return Math.min(1, Math.ceil(highest_bound / (unit / 2)) * (unit / 2));
}
