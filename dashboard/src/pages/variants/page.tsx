import { useState } from "react";
import { useHasScope } from "../../api";
import { Icon } from "../../ui/icon";
import { ErrorNotice, LoadingPlaceholder } from "../../ui/notices";
import { FatiguedVariants } from "./fatigued";
import { VariantFilters } from "./filters";
import { PoolNote } from "./pool-note";
import { usePools } from "./use-pools";
import { VariantsSummary } from "./summary";
import { axisMax, type Column } from "./table-view";
import { useTableView } from "./use-table-view";
import { useVariantsTable } from "./use-variants-table";
import { VariantForm } from "./variant-form";
import { VariantsTable } from "./variants-table";
import "../../styles/charts.css";
import "./variants.css";

/** All variants in a table that the user can search, filter and sort. */
export default function VariantsPage() {
  const canWrite = useHasScope("write");
  const [isCreating, setIsCreating] = useState(false);
  const [view, changeParams] = useTableView();
  const { firstPage, row, showRows } = useVariantsTable(view);
  const table = firstPage.data;
  const pools = usePools();
  const toggleSort = (column: Column) => {
    const defaultOrder = column === "name" ? "" : "-";
    const order = column === view.column ? (view.descending ? "" : "-") : defaultOrder;
    changeParams((params) => params.set("sort", `${order}${column}`));
  };
  return (
    <div className="page">
      <title>Variants · armful</title>
      <div className="page-head">
        <div>
          <h1>Variants</h1>
          <p className="intro">The variants that armful selects from, and how each one performs.</p>
        </div>
        {canWrite && (
          <button type="button" className="button primary" onClick={() => setIsCreating(true)}>
            <Icon name="plus" /> New variant
          </button>
        )}
      </div>
      {isCreating && <VariantForm onClose={() => setIsCreating(false)} />}
      {table === undefined ? (
        firstPage.error && !firstPage.isFetching ? (
          <ErrorNotice error={firstPage.error} retry={() => void firstPage.refetch()} />
        ) : (
          <LoadingPlaceholder height={420} />
        )
      ) : table.summary.active === 0 && view.status === "active" && view.pool === null ? (
        <NoVariants canWrite={canWrite} />
      ) : (
        <>
          {view.status !== "archived" && (
            <VariantsSummary summary={table.summary} severalPools={view.pool === null && pools.length > 0} />
          )}
          {view.pool && <PoolNote key={view.pool} name={view.pool} />}
          {view.status !== "archived" && <FatiguedVariants />}
          <VariantFilters table={table} view={view} pools={pools} changeParams={changeParams} />
          {table.matching_count === 0 ? (
            <div className="empty card">
              <h2>No matching variants</h2>
              <p>No variant matches both the search and the filters. Clear some of them.</p>
            </div>
          ) : (
            <VariantsTable
              rowCount={table.matching_count}
              row={row}
              showRows={showRows}
              axisMax={axisMax(table.summary)}
              view={view}
              onSort={toggleSort}
              isOutdated={firstPage.isPlaceholderData}
            />
          )}
        </>
      )}
    </div>
  );
}

function NoVariants({ canWrite }: { canWrite: boolean }) {
  return (
    <div className="empty card">
      <h2>No variants yet</h2>
      <p>
        A variant is one of the things that you can show: a headline, a price, a button.{" "}
        {canWrite
          ? "Create the first one here, or many at once with the API:"
          : "Create the first ones with a key that has the “write” scope:"}
      </p>
      <pre>{`curl -X POST ${location.origin}/variants \\
  -H "Authorization: Bearer $API_KEY" -H "Content-Type: application/json" \\
  -d '{"variants": [{"variant_id": "question", "dimensions": {"tone": "casual"}}]}'`}</pre>
      <p className="small">
        To explore the dashboard with sample data, run <code>armful demo --serve</code>: it starts a service with sample
        variants and simulated visitors.
      </p>
    </div>
  );
}
