import { useQuery } from "@tanstack/react-query";
import type { ExperimentView, ResultsView, ShrunkenLiftView } from "armful-client";
import { Link, useParams } from "react-router";
import { api, queryKeys, useHasScope } from "../../api";
import { formatCount, formatDateTime, formatLift, formatLiftInterval, formatShare } from "../../format";
import { ErrorNotice, LoadingPlaceholder } from "../../ui/notices";
import { Term } from "../../ui/tooltip";
import { experimentProgress, ProgressBar, StatusBadge } from "../experiments/status";
import { AuditLog } from "./audit-log";
import { CovariateAdjustment } from "./covariate-adjustment";
import { DailyCharts } from "./daily-charts";
import { ExperimentActions } from "./experiment-actions";
import { Guardrails } from "./guardrails";
import { OtherMetrics } from "./other-metrics";
import { Recommendation } from "./recommendation";
import { ResultsTable } from "./results-table";
import { SampleRatioFigure, SampleRatioTerm } from "./sample-ratio";
import { Segments } from "./segments";
import "../../styles/charts.css";
import "../experiments/experiments.css";
import "./experiment.css";

const REFETCH_INTERVAL_MS = 5000;

/** An experiment: its status, recommendation, results, segments and audit log. */
export default function ExperimentPage() {
  const { id = "" } = useParams();
  const canWrite = useHasScope("write");
  const experiment = useQuery({
    queryKey: queryKeys.experiment(id),
    queryFn: ({ signal }) => api.experiment(id, signal),
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  const results = useQuery({
    queryKey: queryKeys.results(id, null),
    queryFn: ({ signal }) => api.results(id, { include_interim: true }, signal),
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  const loaded = experiment.data;
  return (
    <div className="page">
      <title>{`${loaded?.experiment_name ?? "Experiment"} · armful`}</title>
      <p className="breadcrumb">
        <Link to="/experiments">Experiments</Link>
      </p>
      {loaded === undefined ? (
        experiment.error && !experiment.isFetching ? (
          <>
            <h1 className="break-anywhere">{id}</h1>
            <ErrorNotice error={experiment.error} retry={() => void experiment.refetch()} />
          </>
        ) : (
          <LoadingPlaceholder height={420} />
        )
      ) : (
        <>
          <div className="page-head">
            <div>
              <h1 className="break-anywhere">{loaded.experiment_name}</h1>
              <p className="row small muted">
                <StatusBadge status={loaded.status} />
                {loaded.allocation === "thompson" ? (
                  <Term definition="Thompson sampling: the traffic follows the posteriors, and the results are weighted by the propensity of each assignment">
                    adaptive
                  </Term>
                ) : (
                  "fixed split"
                )}
                <span>for persona {loaded.target_persona}</span>
                <code>{loaded.experiment_id}</code>
              </p>
              {loaded.description !== null && <p className="intro break-anywhere">{loaded.description}</p>}
            </div>
            <ExperimentActions experiment={loaded} results={results.data} canWrite={canWrite} />
          </div>
          {results.data === undefined ? (
            results.error && !results.isFetching ? (
              <ErrorNotice error={results.error} retry={() => void results.refetch()} />
            ) : (
              <LoadingPlaceholder height={320} />
            )
          ) : (
            <Results experiment={loaded} results={results.data} />
          )}
          <Segments experiment={loaded} />
          <AuditLog experimentId={id} />
        </>
      )}
    </div>
  );
}

function Results({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  return (
    <>
      <Recommendation experiment={experiment} results={results} />
      <KeyFigures experiment={experiment} results={results} />
      <ResultsTable experiment={experiment} results={results} />
      <CovariateAdjustment experiment={experiment} results={results} />
      <DailyCharts experiment={experiment} results={results} />
      <Guardrails results={results} />
      <OtherMetrics experiment={experiment} results={results} />
    </>
  );
}

/** The winner's lift, corrected for having been chosen because it is large. */
function ShrunkenLift({
  shrunken: { lift, lift_interval, tau, past_experiments },
  lowerIsBetter,
}: {
  shrunken: ShrunkenLiftView;
  lowerIsBetter: boolean;
}) {
  const source =
    past_experiments === 0
      ? "There are no past experiments yet, so true lifts are assumed to be"
      : `By ${formatCount(past_experiments)} past experiment${past_experiments === 1 ? "" : "s"}, true lifts are`;
  return (
    <small>
      <Term
        definition={`A winner is chosen because its lift is large, so the plain lift is too large on average. This estimate corrects that. ${source} ± ${formatShare(tau)} (standard deviation, log scale)`}
      >
        likely {formatLift(lift)}
        {lowerIsBetter && " (lower)"}
      </Term>{" "}
      ({formatLiftInterval(...lift_interval)})
    </small>
  );
}

function KeyFigures({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const { results_summary: summary, interim_results: interim } = results;
  const remaining = interim?.remaining_participants ?? null;
  return (
    <dl className="key-figures card">
      <div className="key-figure">
        <dt>Duration</dt>
        <dd>
          <ProgressBar {...experimentProgress(experiment)} />
          {experiment.expected_end_time !== null && experiment.end_time === null && (
            <small>until {formatDateTime(experiment.expected_end_time)}</small>
          )}
        </dd>
      </div>
      <div className="key-figure">
        <dt>Participants</dt>
        <dd>
          {formatCount(summary.total_participants)}
          {remaining !== null && (
            <small>{remaining === 0 ? "planned number reached" : `${formatCount(remaining)} remaining`}</small>
          )}
        </dd>
      </div>
      <div className="key-figure">
        <dt>
          <SampleRatioTerm experiment={experiment}>Traffic split as planned (SRM check)</SampleRatioTerm>
        </dt>
        <dd>
          <SampleRatioFigure experiment={experiment} results={results} />
        </dd>
      </div>
      <div className="key-figure">
        <dt>Winner</dt>
        <dd>
          {summary.winner_variant_id ?? "none yet"}
          {summary.improvement_percentage !== null && (
            <small>
              {results.definition?.goal === "decrease"
                ? `${summary.improvement_percentage.toFixed(1)} % below control`
                : `+${summary.improvement_percentage.toFixed(1)} % over control`}
            </small>
          )}
          {summary.shrunken_lift && (
            <ShrunkenLift shrunken={summary.shrunken_lift} lowerIsBetter={results.definition?.goal === "decrease"} />
          )}
        </dd>
      </div>
    </dl>
  );
}
