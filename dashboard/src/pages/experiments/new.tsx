import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, names, useMay } from "../../api";
import { Field } from "../../ui/field";
import { Failure, Notice } from "../../ui/states";
import { Term } from "../../ui/tip";
import { Arms } from "./arms";
import { type Draft, EMPTY, evenly, problems, request } from "./draft";
import { Options } from "./options";
import { Planner } from "./planner";
import "./experiments.css";

/** Impressions from which on what was counted says more than a guess. */
const ENOUGH = 100;

export default function NewExperiment() {
  const mayWrite = useMay("write");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [params] = useSearchParams();
  const [draft, setDraft] = useState<Draft>(() => {
    const given = params.getAll("variant");
    return { ...EMPTY, arms: given.length > 0 ? evenly(given) : [], control: given[0] ?? null };
  });
  const [tried, setTried] = useState(false);
  const control = useQuery({
    queryKey: names.variant(draft.control ?? ""),
    queryFn: ({ signal }) => api.variant(draft.control ?? "", signal),
    enabled: draft.control !== null,
  });
  const start = useMutation({
    mutationFn: (how: { asDraft: boolean }) => api.startExperiment(request(draft, how)),
    onSuccess: async ({ experiment_id }) => {
      await queries.invalidateQueries({ queryKey: names.experiments });
      void navigate(`/experiments/${encodeURIComponent(experiment_id)}`);
    },
  });
  const all = problems(draft);
  const wrong: typeof all = tried ? all : {};
  const send = (how: { asDraft: boolean }) => {
    setTried(true);
    if (Object.keys(all).length === 0 && !start.isPending) start.mutate(how);
  };
  const set = (changes: Partial<Draft>) => setDraft({ ...draft, ...changes });
  const counted = draft.control === null ? undefined : control.data?.performance;
  const known = counted && counted.impressions >= ENOUGH ? counted.success_rate : null;
  return (
    <div className="page">
      <title>New experiment · armful</title>
      <div className="page-head">
        <div>
          <p className="crumb">
            <Link to="/experiments">Experiments</Link>
          </p>
          <h1>New experiment</h1>
        </div>
      </div>
      {!mayWrite && <Notice title="This key may only look">Starting an experiment needs a key that may write.</Notice>}
      <div className="plan">
        <form
          id="plan"
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            send({ asDraft: false });
          }}
        >
          <section className="card" aria-label="What is tested">
            <Field id="name" label="Name" value={draft.name} wrong={wrong.name} onChange={(name) => set({ name })} />
            <Field
              id="description"
              label="What you expect, and why"
              optional
              value={draft.description}
              onChange={(description) => set({ description })}
            />
          </section>
          <section className="card" aria-label="Variants and traffic">
            <Arms draft={draft} set={set} wrong={wrong.arms} />
            <fieldset className="field">
              <legend>Traffic</legend>
              <label className="check">
                <input
                  type="radio"
                  name="allocation"
                  checked={!draft.adaptive}
                  onChange={() => set({ adaptive: false })}
                />
                <span>
                  <strong>Fixed split.</strong> <span className="quiet">The plainest answer, soonest.</span>
                </span>
              </label>
              <label className="check">
                <input
                  type="radio"
                  name="allocation"
                  checked={draft.adaptive}
                  onChange={() => set({ adaptive: true })}
                />
                <span>
                  <strong>Adaptive.</strong>{" "}
                  <span className="quiet">
                    More traffic to what does better: fewer people see the weaker variants, and the answer comes later.
                  </span>
                </span>
              </label>
              {draft.adaptive && (
                <p className="hint">
                  Shares follow each variant's chance to be best,{" "}
                  <Term exact="Thompson sampling with floors; judged by the propensity of each assignment">
                    and the result allows for it
                  </Term>
                  .
                </p>
              )}
            </fieldset>
          </section>
          <section className="card" aria-label="Who, what and how long">
            <div className="pairs">
              <Field
                id="persona"
                label="For whom"
                hint="The persona_id your program sends."
                value={draft.persona}
                wrong={wrong.persona}
                onChange={(persona) => set({ persona })}
              />
              <Field
                id="days"
                label="Days"
                hint="Whole weeks even out weekdays."
                value={draft.days}
                wrong={wrong.days}
                onChange={(days) => set({ days })}
                numeric
              />
            </div>
            <div className="pairs">
              <Field
                id="metrics"
                label="Success is"
                hint="The metric decided on; more after commas."
                value={draft.metrics}
                wrong={wrong.metrics}
                onChange={(metrics) => set({ metrics })}
              />
              <Field
                id="participants"
                label="Participants planned"
                hint="Nothing is called before that."
                optional
                value={draft.participants}
                wrong={wrong.participants}
                onChange={(participants) => set({ participants })}
                numeric
              />
            </div>
            <div className="pairs">
              <Field
                id="rising"
                label="Must not rise"
                hint={
                  <>
                    <Term exact="Guardrail metrics that an increase harms">Guardrails</Term>, such as unsubscribed.
                  </>
                }
                optional
                value={draft.rising}
                wrong={wrong.guardrails}
                onChange={(rising) => set({ rising })}
              />
              <Field
                id="falling"
                label="Must not fall"
                hint={
                  <>
                    <Term exact="Guardrail metrics that a decrease harms">Guardrails</Term>, such as retained.
                  </>
                }
                optional
                value={draft.falling}
                onChange={(falling) => set({ falling })}
              />
            </div>
          </section>
          <Options draft={draft} set={set} wrong={wrong} />
        </form>
        <aside aria-label="Power calculator">
          <Planner draft={draft} known={known} />
        </aside>
        <div className="finish">
          {start.error && <Failure error={start.error} />}
          {tried && Object.keys(all).length > 0 && (
            <Notice kind="bad" title="Not ready to start" live>
              {Object.values(all).join(" ")}
            </Notice>
          )}
          <div className="row">
            <button
              type="submit"
              form="plan"
              className="button primary"
              disabled={!mayWrite}
              aria-disabled={start.isPending}
            >
              {start.isPending ? "Starting…" : "Start the experiment"}
            </button>
            <button
              type="button"
              className="button"
              disabled={!mayWrite}
              aria-disabled={start.isPending}
              onClick={() => send({ asDraft: true })}
            >
              Keep as a draft
            </button>
            <Link className="button plain" to="/experiments">
              Cancel
            </Link>
          </div>
        </div>
      </div>
    </div>
  );
}
