import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ExperimentView, ResultsView } from "armful-client";
import { useState } from "react";
import { api, queryKeys } from "../../api";
import { Icon } from "../../ui/icon";
import { ErrorNotice } from "../../ui/notices";
import { PromoteDialog } from "./promote-dialog";
import { StopDialog } from "./stop-dialog";

/** The buttons that the experiment's status allows. Irreversible actions ask for confirmation. */
export function ExperimentActions({
  experiment,
  results,
  canWrite,
}: {
  experiment: ExperimentView;
  results: ResultsView | undefined;
  canWrite: boolean;
}) {
  const id = experiment.experiment_id;
  const queries = useQueryClient();
  const [openDialog, setOpenDialog] = useState<"stop" | "promote" | null>(null);
  const refetch = () => queries.invalidateQueries({ queryKey: queryKeys.experiments });
  const change = useMutation({
    mutationFn: (action: "start" | "pause" | "resume") => api.changeExperiment(id, action),
    onSuccess: refetch,
  });
  const csv = useMutation({
    mutationFn: () => api.resultsCsv(id),
    onSuccess: (text) => downloadCsv(`${id}.csv`, text),
  });
  const { status } = experiment;
  const isUnderWay = status === "active" || status === "paused";
  return (
    <>
      <div className="actions">
        <button type="button" className="button" onClick={() => csv.mutate()}>
          <Icon name="download" size={16} /> CSV
        </button>
        {canWrite && status === "draft" && (
          <button type="button" className="button primary" onClick={() => change.mutate("start")}>
            Start
          </button>
        )}
        {canWrite && isUnderWay && (
          <button
            type="button"
            className="button"
            onClick={() => change.mutate(status === "active" ? "pause" : "resume")}
          >
            {status === "active" ? "Pause" : "Resume"}
          </button>
        )}
        {canWrite && isUnderWay && (
          <button type="button" className="button danger" onClick={() => setOpenDialog("stop")}>
            Stop
          </button>
        )}
        {canWrite && status !== "promoted" && status !== "draft" && (
          <button
            type="button"
            className={`button ${results?.recommendations.recommendation_type === "ship" ? "primary" : ""}`}
            onClick={() => setOpenDialog("promote")}
          >
            Promote…
          </button>
        )}
      </div>
      {(change.error ?? csv.error) && (
        <div style={{ flexBasis: "100%" }}>
          <ErrorNotice error={(change.error ?? csv.error) as Error} />
        </div>
      )}
      {openDialog === "stop" && (
        <StopDialog experiment={experiment} onClose={() => setOpenDialog(null)} onDone={refetch} />
      )}
      {openDialog === "promote" && (
        <PromoteDialog experiment={experiment} results={results} onClose={() => setOpenDialog(null)} onDone={refetch} />
      )}
    </>
  );
}

function downloadCsv(fileName: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.click();
  URL.revokeObjectURL(url);
}
