import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { ArmfulError, type VariantView } from "armful-client";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { api, queryKeys, useHasScope } from "../../api";
import { DimensionTags } from "../../ui/dimension-tags";
import { ErrorNotice, LoadingPlaceholder } from "../../ui/notices";
import { VariantForm } from "../variants/variant-form";
import { ChangeHistory } from "./change-history";
import { DailyRateChart } from "./daily-rate-chart";
import { Fatigue } from "./fatigue";
import { KeyFigures } from "./key-figures";
import { PersonaTable } from "./persona-table";
import { PosteriorComparison } from "./posterior-comparison";
import { RetireDialog } from "./retire-dialog";
import "../../styles/charts.css";
import "./variant.css";

const REFETCH_INTERVAL_MS = 5000;
const HISTORY_DAYS = 30;
const CONFLICT = 409;

/** A variant: its performance, history, content and changes. */
export default function VariantPage() {
  const { id = "" } = useParams();
  const canWrite = useHasScope("write");
  const [isEditing, setIsEditing] = useState(false);
  const [inUse, setInUse] = useState<ArmfulError | null>(null);
  const queries = useQueryClient();
  const variant = useQuery({
    queryKey: queryKeys.variant(id),
    queryFn: ({ signal }) => api.variant(id, signal),
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  const stats = useQuery({
    queryKey: [...queryKeys.variant(id), "stats"],
    queryFn: ({ signal }) => api.stats(id, 0.95, signal),
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  const history = useQuery({
    queryKey: queryKeys.history(id, HISTORY_DAYS),
    queryFn: ({ signal }) => api.history(id, HISTORY_DAYS, signal),
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  const standings = useQuery({
    queryKey: queryKeys.standing(id),
    queryFn: ({ signal }) => api.standings([id], signal),
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  const changeStatus = useMutation({
    mutationFn: ({ status, retire = false }: { status: VariantView["status"]; retire?: boolean }) =>
      status === "archived" ? api.archiveVariant(id, { retire }) : api.changeVariant(id, { status }),
    onError: (error) => setInUse(error instanceof ArmfulError && error.status === CONFLICT ? error : null),
    onSuccess: () =>
      Promise.all(
        [queryKeys.variant(id), queryKeys.variants, queryKeys.standings, queryKeys.experiments].map((queryKey) =>
          queries.invalidateQueries({ queryKey }),
        ),
      ).then(() => setInUse(null)),
  });
  const loaded = variant.data;
  if (loaded === undefined) {
    return (
      <div className="page">
        <Breadcrumb />
        {variant.error && !variant.isFetching ? (
          <>
            <h1 className="break-anywhere">{id}</h1>
            <ErrorNotice error={variant.error} retry={() => void variant.refetch()} />
          </>
        ) : (
          <LoadingPlaceholder height={420} />
        )}
      </div>
    );
  }
  const isArchived = loaded.status === "archived";
  const standing = standings.data?.standings[0];
  return (
    <div className="page">
      <title>{`${id} · armful`}</title>
      <Breadcrumb />
      <div className="page-head">
        <div>
          <h1 className="break-anywhere">{id}</h1>
          <p className="row" style={{ gap: "0.35rem" }}>
            {isArchived && <span className="status outlined">archived</span>}
            <DimensionTags dimensions={loaded.dimensions} />
          </p>
        </div>
        <div className="actions">
          <Link className="button" to={`/live?variant=${encodeURIComponent(id)}`}>
            Watch live
          </Link>
          {canWrite && (
            <>
              <button type="button" className="button" onClick={() => setIsEditing(true)}>
                Edit
              </button>
              <button
                type="button"
                className="button"
                aria-disabled={changeStatus.isPending}
                onClick={() => {
                  if (!changeStatus.isPending) changeStatus.mutate({ status: isArchived ? "active" : "archived" });
                }}
              >
                {isArchived ? "Restore" : "Archive"}
              </button>
            </>
          )}
        </div>
      </div>
      {changeStatus.error && !inUse && <ErrorNotice error={changeStatus.error} />}
      {inUse && (
        <RetireDialog
          reason={inUse}
          isPending={changeStatus.isPending}
          onRetire={() => changeStatus.mutate({ status: "archived", retire: true })}
          onClose={() => {
            setInUse(null);
            changeStatus.reset();
          }}
        />
      )}
      {isEditing && <VariantForm variant={loaded} onClose={() => setIsEditing(false)} />}
      {stats.data && <KeyFigures variant={loaded} stats={stats.data} standing={standing} />}
      <div className="columns">
        {stats.data && history.data && (
          <PosteriorComparison variant={loaded} stats={stats.data} history={history.data} />
        )}
        {history.data && <DailyRateChart history={history.data} days={HISTORY_DAYS} />}
      </div>
      {history.error && !history.isFetching && (
        <ErrorNotice error={history.error} retry={() => void history.refetch()} />
      )}
      {!isArchived && <Fatigue variantId={id} />}
      <div className="columns">
        {history.data && <PersonaTable history={history.data} days={HISTORY_DAYS} />}
        <div className="stack">
          <section className="card stack" aria-labelledby="content">
            <h2 id="content">Content</h2>
            {loaded.content === null ? (
              <p className="muted small">None. Your application knows what this id stands for.</p>
            ) : (
              <p className="content break-anywhere">{loaded.content}</p>
            )}
          </section>
          {history.data && <ChangeHistory variant={loaded} history={history.data} />}
        </div>
      </div>
    </div>
  );
}

function Breadcrumb() {
  return (
    <p className="breadcrumb">
      <Link to="/variants">Variants</Link>
    </p>
  );
}
