import { useMutation } from "@tanstack/react-query";
import type { ExperimentView } from "armful-client";
import { api } from "../../api";
import { Dialog } from "../../ui/dialog";
import { ErrorNotice } from "../../ui/notices";

/** Asks for confirmation before it stops an experiment. */
export function StopDialog({
  experiment,
  onClose,
  onDone,
}: {
  experiment: ExperimentView;
  onClose: () => void;
  onDone: () => Promise<void>;
}) {
  const stop = useMutation({
    mutationFn: () => api.changeExperiment(experiment.experiment_id, "stop"),
    onSuccess: async () => {
      await onDone();
      onClose();
    },
  });
  return (
    <Dialog title="Stop the experiment permanently?" onClose={onClose}>
      <p>
        A stopped experiment counts no more data and cannot be restarted. The data counted so far is kept. If you stop
        it before its planned end, only the sequential test, which is valid at any time, can declare a difference.
      </p>
      {stop.error && <ErrorNotice error={stop.error} />}
      <div className="actions">
        <button type="button" className="button" onClick={onClose}>
          Keep running
        </button>
        <button
          type="button"
          className="button danger"
          aria-disabled={stop.isPending}
          onClick={() => {
            if (!stop.isPending) stop.mutate();
          }}
        >
          Stop experiment
        </button>
      </div>
    </Dialog>
  );
}
