import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ExperimentView, ResultsView } from "armful-client";
import { useState } from "react";
import { api, queryKeys } from "../../api";
import { Dialog } from "../../ui/dialog";
import { ErrorNotice, Notice } from "../../ui/notices";

/** Asks which variant to ship, then promotes it, which ends the experiment. */
export function PromoteDialog({
  experiment,
  results,
  onClose,
  onDone,
}: {
  experiment: ExperimentView;
  results: ResultsView | undefined;
  onClose: () => void;
  onDone: () => Promise<void>;
}) {
  const recommendation = results?.recommendations;
  const [chosen, setChosen] = useState(
    recommendation?.recommendation_type === "ship" && recommendation.variant_id !== null
      ? recommendation.variant_id
      : experiment.control_variant_id,
  );
  const [archiveOthers, setArchiveOthers] = useState(false);
  const queries = useQueryClient();
  const promote = useMutation({
    mutationFn: () => api.promote(experiment.experiment_id, { variant_id: chosen, archive_others: archiveOthers }),
    onSuccess: async () => {
      await Promise.all([onDone(), queries.invalidateQueries({ queryKey: queryKeys.variants })]);
      onClose();
    },
  });
  const isRecommended = recommendation?.recommendation_type === "ship" && recommendation.variant_id === chosen;
  return (
    <Dialog title="Which variant do you want to ship?" onClose={onClose}>
      <fieldset className="field" style={{ gap: "0.6rem" }}>
        <legend className="visually-hidden">Variant</legend>
        {experiment.variants.map(({ variant_id }) => (
          <label key={variant_id} className="choice">
            <input
              type="radio"
              name="promoted"
              checked={chosen === variant_id}
              onChange={() => setChosen(variant_id)}
            />
            <span className="break-anywhere">
              {variant_id} {variant_id === experiment.control_variant_id && <span className="tag">control</span>}
            </span>
          </label>
        ))}
      </fieldset>
      <label className="choice">
        <input type="checkbox" checked={archiveOthers} onChange={(event) => setArchiveOthers(event.target.checked)} />
        <span>
          Archive the other variants{" "}
          <span className="muted">– nothing shows them any more, and their data is kept.</span>
        </span>
      </label>
      {!isRecommended && (
        <Notice kind="warning" title="The results do not clearly favour this variant">
          {recommendation?.message ?? "There are no results yet."}
        </Notice>
      )}
      {promote.error && <ErrorNotice error={promote.error} />}
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
          Promote and end experiment
        </button>
      </div>
    </Dialog>
  );
}
