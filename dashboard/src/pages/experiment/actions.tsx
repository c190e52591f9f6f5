import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ExperimentView, ResultsView } from "armful-client";
import { useState } from "react";
import { api, names } from "../../api";
import { Dialog } from "../../ui/dialog";
import { Icon } from "../../ui/icon";
import { Failure, Notice } from "../../ui/states";

type Asked = "stop" | "promote" | null;

/** What can be done with an experiment in its state; what can't be undone is asked about first. */
export function Actions({
  experiment,
  results,
  mayWrite,
}: {
  experiment: ExperimentView;
  results: ResultsView | undefined;
  mayWrite: boolean;
}) {
  const id = experiment.experiment_id;
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked>(null);
  const done = () => queries.invalidateQueries({ queryKey: names.experiments });
  const change = useMutation({
    mutationFn: (action: "start" | "pause" | "resume") => api.changeExperiment(id, action),
    onSuccess: done,
  });
  const csv = useMutation({
    mutationFn: () => api.resultsCsv(id),
    onSuccess: (text) => save(`${id}.csv`, text),
  });
  const { status } = experiment;
  const goes = status === "active" || status === "paused";
  return (
    <>
      <div className="actions">
        <button type="button" className="button" onClick={() => csv.mutate()}>
          <Icon name="download" size={16} /> CSV
        </button>
        {mayWrite && status === "draft" && (
          <button type="button" className="button primary" onClick={() => change.mutate("start")}>
            Start
          </button>
        )}
        {mayWrite && goes && (
          <button
            type="button"
            className="button"
            onClick={() => change.mutate(status === "active" ? "pause" : "resume")}
          >
            {status === "active" ? "Pause" : "Resume"}
          </button>
        )}
        {mayWrite && goes && (
          <button type="button" className="button danger" onClick={() => setAsked("stop")}>
            Stop
          </button>
        )}
        {mayWrite && status !== "promoted" && status !== "draft" && (
          <button
            type="button"
            className={`button ${results?.recommendations.recommendation_type === "ship" ? "primary" : ""}`}
            onClick={() => setAsked("promote")}
          >
            Promote…
          </button>
        )}
      </div>
      {(change.error ?? csv.error) && (
        <div style={{ flexBasis: "100%" }}>
          <Failure error={(change.error ?? csv.error) as Error} />
        </div>
      )}
      {asked === "stop" && <Stop experiment={experiment} onClose={() => setAsked(null)} onDone={done} />}
      {asked === "promote" && (
        <Promote experiment={experiment} results={results} onClose={() => setAsked(null)} onDone={done} />
      )}
    </>
  );
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

interface Asking {
  experiment: ExperimentView;
  onClose: () => void;
  onDone: () => Promise<void>;
}

function Stop({ experiment, onClose, onDone }: Asking) {
  const stop = useMutation({
    mutationFn: () => api.changeExperiment(experiment.experiment_id, "stop"),
    onSuccess: async () => {
      await onDone();
      onClose();
    },
  });
  return (
    <Dialog title="Stop the experiment for good?" onClose={onClose}>
      <p>
        Nothing more is counted in it, and it can't be started again. What was counted stays. Ended before its planned
        time, it calls a difference only where that holds at every look.
      </p>
      {stop.error && <Failure error={stop.error} />}
      <div className="actions">
        <button type="button" className="button" onClick={onClose}>
          Go on
        </button>
        <button
          type="button"
          className="button danger"
          aria-disabled={stop.isPending}
          onClick={() => {
            if (!stop.isPending) stop.mutate();
          }}
        >
          Stop it
        </button>
      </div>
    </Dialog>
  );
}

function Promote({ experiment, results, onClose, onDone }: Asking & { results: ResultsView | undefined }) {
  const advice = results?.recommendations;
  const [chosen, setChosen] = useState(
    advice?.recommendation_type === "ship" && advice.variant_id !== null
      ? advice.variant_id
      : experiment.control_variant_id,
  );
  const [archive, setArchive] = useState(false);
  const queries = useQueryClient();
  const promote = useMutation({
    mutationFn: () => api.promote(experiment.experiment_id, { variant_id: chosen, archive_others: archive }),
    onSuccess: async () => {
      await Promise.all([onDone(), queries.invalidateQueries({ queryKey: names.variants })]);
      onClose();
    },
  });
  const won = advice?.recommendation_type === "ship" && advice.variant_id === chosen;
  return (
    <Dialog title="Which variant goes on?" onClose={onClose}>
      <fieldset className="field" style={{ gap: "0.6rem" }}>
        <legend className="hidden-text">Variant</legend>
        {experiment.variants.map(({ variant_id }) => (
          <label key={variant_id} className="check">
            <input
              type="radio"
              name="promoted"
              checked={chosen === variant_id}
              onChange={() => setChosen(variant_id)}
            />
            <span className="break">
              {variant_id} {variant_id === experiment.control_variant_id && <span className="tag">control</span>}
            </span>
          </label>
        ))}
      </fieldset>
      <label className="check">
        <input type="checkbox" checked={archive} onChange={(event) => setArchive(event.target.checked)} />
        <span>
          Archive the others <span className="quiet">– never selected again; their counts stay.</span>
        </span>
      </label>
      {!won && (
        <Notice kind="warn" title="The data don't single this variant out">
          {advice?.message ?? "There are no results yet."}
        </Notice>
      )}
      {promote.error && <Failure error={promote.error} />}
      <div className="actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="button primary"
          aria-disabled={promote.isPending}
          onClick={() => {
            if (!promote.isPending) promote.mutate();
          }}
        >
          Promote and end the experiment
        </button>
      </div>
    </Dialog>
  );
}
