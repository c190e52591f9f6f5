import { keepPreviousData, useQueries, useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { RowView, TableView } from "armful-client";
import { useCallback, useState } from "react";
import { api, queryKeys } from "../../api";
import { useDebounced } from "../../ui/use-debounced";
import { pageQuery, pagesToLoad, rowAt, type View } from "./table-view";

const REFETCH_INTERVAL_MS = 10_000;

export interface LoadedRows {
  /** Page 0, which also has the summary and the number of matching variants. */
  firstPage: UseQueryResult<TableView>;
  /** The row at an index; undefined while it is loading. */
  row: (index: number) => RowView | undefined;
  /** Tells which rows are visible, so that their pages are loaded. */
  showRows: (first: number, last: number) => void;
}

/** Loads the rows of a view, which the service searches and sorts: the first page, and the pages of visible rows. */
export function useVariantsTable(requestedView: View): LoadedRows {
  const search = useDebounced(requestedView.search);
  const view = { ...requestedView, search };
  const [[first, last], setVisibleRows] = useState([0, 0]);
  const showRows = useCallback(
    (from: number, to: number) => setVisibleRows((old) => (old[0] === from && old[1] === to ? old : [from, to])),
    [],
  );
  const query = (page: number) => {
    const tableQuery = pageQuery(view, page);
    return {
      queryKey: queryKeys.table(tableQuery),
      queryFn: ({ signal }: { signal: AbortSignal }) => api.table(tableQuery, signal),
      refetchInterval: REFETCH_INTERVAL_MS,
    };
  };
  const firstPage = useQuery({ ...query(0), placeholderData: keepPreviousData });
  const pageNumbers = pagesToLoad(first, Math.min(last, (firstPage.data?.matching_count ?? 1) - 1));
  const otherPages = useQueries({ queries: pageNumbers.map(query) });
  const pages = new Map<number, TableView>();
  if (firstPage.data) pages.set(0, firstPage.data);
  pageNumbers.forEach((page, i) => {
    const data = otherPages[i]?.data;
    if (data) pages.set(page, data);
  });
  return {
    firstPage,
    row: (index) => rowAt(pages, index),
    showRows,
  };
}
