import { keepPreviousData, useQueries, useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { RowView, TableView } from "armful-client";
import { useCallback, useState } from "react";
import { api, names } from "../../api";
import { useSettled } from "../../ui/settled";
import { asked, pagesOf, rowAt, type View } from "./rows";

const AGAIN_AFTER = 10_000;

export interface Rows {
  head: UseQueryResult<TableView>;
  row: (index: number) => RowView | undefined;
  /** Says which rows are looked at, so that they are fetched. */
  look: (first: number, last: number) => void;
}

/** The table as armful searches and sorts it: its first page, and the pages that are looked at. */
export function useTable(given: View): Rows {
  const search = useSettled(given.search);
  const view = { ...given, search };
  const [[first, last], setRange] = useState([0, 0]);
  const look = useCallback(
    (from: number, to: number) => setRange((old) => (old[0] === from && old[1] === to ? old : [from, to])),
    [],
  );
  const query = (page: number) => {
    const wanted = asked(view, page);
    return {
      queryKey: names.table(wanted),
      queryFn: ({ signal }: { signal: AbortSignal }) => api.table(wanted, signal),
      refetchInterval: AGAIN_AFTER,
    };
  };
  const head = useQuery({ ...query(0), placeholderData: keepPreviousData });
  const numbers = pagesOf(first, Math.min(last, (head.data?.matching_count ?? 1) - 1));
  const others = useQueries({ queries: numbers.map(query) });
  const pages = new Map<number, TableView>();
  if (head.data) pages.set(0, head.data);
  numbers.forEach((page, i) => {
    const data = others[i]?.data;
    if (data) pages.set(page, data);
  });
  return {
    head,
    row: (index) => rowAt(pages, index),
    look,
  };
}
