import { useQuery } from "@tanstack/react-query";
import type { ExperimentView, ResultsView } from "armful-client";
import { Link, useParams } from "react-router";
import { api, names, useMay } from "../../api";
import { count, moment, share } from "../../format";
import { Failure, Loading } from "../../ui/states";
import { Term } from "../../ui/tip";
import { progress, ProgressBar, State } from "../experiments/states";
import { Actions } from "./actions";
import { Figures } from "./figures";
import { Audit, Guardrails, OtherMetrics, Segments } from "./more";
import { OverDays } from "./series";
import { Verdict } from "./verdict";
import "../../styles/charts.css";
import "../experiments/experiments.css";
import "./experiment.css";

const AGAIN_AFTER = 5000;

export default function Experiment() {
  const { id = "" } = useParams();
  const mayWrite = useMay("write");
  const experiment = useQuery({
    queryKey: names.experiment(id),
    queryFn: ({ signal }) => api.experiment(id, signal),
    refetchInterval: AGAIN_AFTER,
  });
  const results = useQuery({
    queryKey: names.results(id, null),
    queryFn: ({ signal }) => api.results(id, { include_interim: true }, signal),
    refetchInterval: AGAIN_AFTER,
  });
  const shown = experiment.data;
  return (
    <div className="page">
      <title>{`${shown?.experiment_name ?? "Experiment"} · armful`}</title>
      <p className="crumb">
        <Link to="/experiments">Experiments</Link>
      </p>
      {shown === undefined ? (
        experiment.error && !experiment.isFetching ? (
          <>
            <h1 className="break">{id}</h1>
            <Failure error={experiment.error} retry={() => void experiment.refetch()} />
          </>
        ) : (
          <Loading height={420} />
        )
      ) : (
        <>
          <div className="page-head">
            <div>
              <h1 className="break">{shown.experiment_name}</h1>
              <p className="row small quiet">
                <State status={shown.status} />
                {shown.allocation === "thompson" ? (
                  <Term exact="Traffic follows the posteriors (Thompson sampling); results are weighted by each assignment's propensity">
                    adaptive
                  </Term>
                ) : (
                  "fixed split"
                )}
                <span>for {shown.target_persona}</span>
                <code>{shown.experiment_id}</code>
              </p>
              {shown.description !== null && <p className="lede break">{shown.description}</p>}
            </div>
            <Actions experiment={shown} results={results.data} mayWrite={mayWrite} />
          </div>
          {results.data === undefined ? (
            results.error && !results.isFetching ? (
              <Failure error={results.error} retry={() => void results.refetch()} />
            ) : (
              <Loading height={320} />
            )
          ) : (
            <Judged experiment={shown} results={results.data} />
          )}
          <Segments experiment={shown} />
          <Audit id={id} />
        </>
      )}
    </div>
  );
}

function Judged({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  return (
    <>
      <Verdict experiment={experiment} results={results} />
      <Facts experiment={experiment} results={results} />
      <Figures experiment={experiment} results={results} />
      <OverDays experiment={experiment} results={results} />
      <Guardrails results={results} />
      <OtherMetrics experiment={experiment} results={results} />
    </>
  );
}

function Facts({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const { results_summary: summary, sample_ratio: ratio, interim_results: interim } = results;
  const left = interim?.remaining_participants ?? null;
  return (
    <dl className="facts card">
      <div className="fact">
        <dt>Time</dt>
        <dd>
          <ProgressBar {...progress(experiment)} />
          {experiment.expected_end_time !== null && experiment.end_time === null && (
            <small>until {moment(experiment.expected_end_time)}</small>
          )}
        </dd>
      </div>
      <div className="fact">
        <dt>Participants</dt>
        <dd>
          {count(summary.total_participants)}
          {left !== null && <small>{left === 0 ? "as many as planned" : `${count(left)} to go`}</small>}
        </dd>
      </div>
      <div className="fact">
        <dt>
          <Term exact="Sample-ratio mismatch test: χ² of the participants against the planned shares, alarm under p = 0.001">
            Split held
          </Term>
        </dt>
        <dd>
          {ratio.alarm ? "no" : summary.total_participants === 0 ? "–" : "yes"}
          <small>{experiment.variants.map(({ traffic_allocation }) => share(traffic_allocation)).join(" / ")}</small>
        </dd>
      </div>
      <div className="fact">
        <dt>Winner</dt>
        <dd>
          {summary.winner_variant_id ?? "none yet"}
          {summary.improvement_percentage !== null && (
            <small>+{summary.improvement_percentage.toFixed(1)} % over control</small>
          )}
        </dd>
      </div>
    </dl>
  );
}
