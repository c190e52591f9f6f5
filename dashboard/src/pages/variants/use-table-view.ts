import { useSearchParams } from "react-router";
import type { Column, Status, View } from "./table-view";

const RESERVED_PARAMS = new Set(["search", "sort", "status", "pool"]);
const COLUMNS: readonly string[] = ["name", "rate", "impressions", "chance", "share", "used"] satisfies Column[];

export type ChangeParams = (edit: (params: URLSearchParams) => void) => void;

/** The view of the table that the address describes, so that users can bookmark and share it. */
export function useTableView(): [View, ChangeParams] {
  const [params, setParams] = useSearchParams();
  const sort = params.get("sort") ?? "-chance";
  const column = sort.replace(/^-/, "");
  const status = params.get("status");
  const view: View = {
    search: params.get("search") ?? "",
    dimensions: Object.fromEntries([...params].filter(([name]) => !RESERVED_PARAMS.has(name))),
    pool: params.get("pool"),
    status: status === "archived" || status === "all" ? status : ("active" satisfies Status),
    column: COLUMNS.includes(column) ? (column as Column) : "chance",
    descending: sort.startsWith("-"),
  };
  const changeParams: ChangeParams = (edit) =>
    setParams(
      (old) => {
        edit(old);
        return old;
      },
      { replace: true },
    );
  return [view, changeParams];
}
