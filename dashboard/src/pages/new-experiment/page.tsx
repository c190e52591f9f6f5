import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, queryKeys, useHasScope } from "../../api";
import { TextField } from "../../ui/text-field";
import { ErrorNotice, Notice } from "../../ui/notices";
import { Term } from "../../ui/tooltip";
import { EMPTY_DRAFT, type ExperimentDraft, splitEvenly, toStartRequest, validateDraft } from "./draft";
import { AdvancedSettings } from "./advanced-settings";
import { MetricDeclarations } from "./metric-declarations";
import { PowerCalculator } from "./power-calculator";
import { VariantPicker } from "./variant-picker";
import "./new-experiment.css";

/** From this many impressions, the measured rate of control replaces the user's estimate. */
const MIN_IMPRESSIONS_FOR_RATE = 100;

/** The form that starts an experiment or saves it as a draft, with a power calculator beside it. */
export default function NewExperimentPage() {
  const canWrite = useHasScope("write");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const [draft, setDraft] = useState<ExperimentDraft>(() => {
    const ids = params.getAll("variant");
    return { ...EMPTY_DRAFT, variants: ids.length > 0 ? splitEvenly(ids) : [], control: ids[0] ?? null };
  });
  const [wasSubmitted, setWasSubmitted] = useState(false);
  const control = useQuery({
    queryKey: queryKeys.variant(draft.control ?? ""),
    queryFn: ({ signal }) => api.variant(draft.control ?? "", signal),
    enabled: draft.control !== null,
  });
  const start = useMutation({
    mutationFn: (options: { asDraft: boolean }) => api.startExperiment(toStartRequest(draft, options)),
    onSuccess: async ({ experiment_id }) => {
      await queries.invalidateQueries({ queryKey: queryKeys.experiments });
      void navigate(`/experiments/${encodeURIComponent(experiment_id)}`);
    },
  });
  const allErrors = validateDraft(draft);
  const errors: typeof allErrors = wasSubmitted ? allErrors : {};
  const submit = (options: { asDraft: boolean }) => {
    setWasSubmitted(true);
    if (Object.keys(allErrors).length === 0 && !start.isPending) start.mutate(options);
  };
  const set = (changes: Partial<ExperimentDraft>) => setDraft({ ...draft, ...changes });
  const performance = draft.control === null ? undefined : control.data?.performance;
  const measuredRate =
    performance && performance.impressions >= MIN_IMPRESSIONS_FOR_RATE ? performance.success_rate : null;
  return (
    <div className="page">
      <title>New experiment · armful</title>
      <div className="page-head">
        <div>
          <p className="breadcrumb">
            <Link to="/experiments">Experiments</Link>
          </p>
          <h1>New experiment</h1>
        </div>
      </div>
      {!canWrite && (
        <Notice title="This key is read-only">To start an experiment, you need a key with the “write” scope.</Notice>
      )}
      <div className="new-experiment">
        <form
          id="new-experiment-form"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            submit({ asDraft: false });
          }}
        >
          <section className="card" aria-label="Name and hypothesis">
            <TextField
              id="name"
              label="Name"
              value={draft.name}
              error={errors.name}
              onChange={(name) => set({ name })}
            />
            <TextField
              id="description"
              label="Hypothesis"
              optional
              value={draft.description}
              onChange={(description) => set({ description })}
            />
          </section>
          <section className="card" aria-label="Variants and traffic">
            <VariantPicker draft={draft} set={set} error={errors.variants} />
            <fieldset className="field">
              <legend>Traffic</legend>
              <label className="choice">
                <input
                  type="radio"
                  name="allocation"
                  checked={!draft.adaptive}
                  onChange={() => set({ adaptive: false })}
                />
                <span>
                  <strong>Fixed split.</strong>{" "}
                  <span className="muted">The simplest analysis and the fastest answer.</span>
                </span>
              </label>
              <label className="choice">
                <input
                  type="radio"
                  name="allocation"
                  checked={draft.adaptive}
                  onChange={() => set({ adaptive: true })}
                />
                <span>
                  <strong>Adaptive.</strong>{" "}
                  <span className="muted">
                    Sends more traffic to better variants: fewer people see the weaker ones, but the answer takes
                    longer.
                  </span>
                </span>
              </label>
              {draft.adaptive && (
                <p className="hint">
                  Traffic shares follow each variant's chance to be best, and{" "}
                  <Term definition="Thompson sampling with minimum traffic shares; results are weighted by the propensity of each assignment">
                    the results account for that
                  </Term>
                  .
                </p>
              )}
            </fieldset>
          </section>
          <section className="card" aria-label="Audience, duration and metrics">
            <div className="field-row">
              <TextField
                id="persona"
                label="Persona"
                hint="The persona_id that your application sends."
                value={draft.persona}
                error={errors.persona}
                onChange={(persona) => set({ persona })}
              />
              <TextField
                id="days"
                label="Duration in days"
                hint="Whole weeks average out weekday effects."
                value={draft.days}
                error={errors.days}
                onChange={(days) => set({ days })}
                numeric
              />
            </div>
            <div className="field-row">
              <TextField
                id="metrics"
                label="Success metrics"
                hint="Primary metric first, others after commas."
                value={draft.metrics}
                error={errors.metrics}
                onChange={(metrics) => set({ metrics })}
              />
              <TextField
                id="participants"
                label="Planned participants"
                hint="No winner is declared earlier."
                optional
                value={draft.plannedParticipants}
                error={errors.plannedParticipants}
                onChange={(plannedParticipants) => set({ plannedParticipants })}
                numeric
              />
            </div>
            <div className="field-row">
              <TextField
                id="must-not-increase"
                label="Guardrail: must not increase"
                hint={
                  <>
                    <Term definition="A guardrail metric warns you when a variant makes it significantly worse">
                      Metrics
                    </Term>
                    , such as unsubscribed.
                  </>
                }
                optional
                value={draft.mustNotIncrease}
                error={errors.guardrails}
                onChange={(mustNotIncrease) => set({ mustNotIncrease })}
              />
              <TextField
                id="must-not-decrease"
                label="Guardrail: must not decrease"
                hint={
                  <>
                    <Term definition="A guardrail metric warns you when a variant makes it significantly worse">
                      Metrics
                    </Term>
                    , such as retained.
                  </>
                }
                optional
                value={draft.mustNotDecrease}
                onChange={(mustNotDecrease) => set({ mustNotDecrease })}
              />
            </div>
            <MetricDeclarations draft={draft} set={set} error={allErrors.declarations} />
          </section>
          <AdvancedSettings draft={draft} set={set} errors={errors} />
        </form>
        <aside aria-label="Power calculator">
          <PowerCalculator draft={draft} measuredRate={measuredRate} />
        </aside>
        <div className="form-actions">
          {start.error && <ErrorNotice error={start.error} />}
          {wasSubmitted && Object.keys(allErrors).length > 0 && (
            <Notice kind="error" title="Some fields need attention" live>
              {Object.values(allErrors).join(" ")}
            </Notice>
          )}
          <div className="row">
            <button
              type="submit"
              form="new-experiment-form"
              className="button primary"
              disabled={!canWrite}
              aria-disabled={start.isPending}
            >
              {start.isPending ? "Starting…" : "Start experiment"}
            </button>
            <button
              type="button"
              className="button"
              disabled={!canWrite}
              aria-disabled={start.isPending}
              onClick={() => submit({ asDraft: true })}
            >
              Save as draft
            </button>
            <Link className="button ghost" to="/experiments">
              Cancel
            </Link>
          </div>
        </div>
      </div>
    </div>
  );
}
