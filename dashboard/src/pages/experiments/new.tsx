import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { api, names, useMay } from "../../api";
import { Failure, Notice } from "../../ui/states";
import { Term } from "../../ui/tip";
import { Arms } from "./arms";
import { type Draft, EMPTY, evenly, problems, request } from "./draft";
import { Planner } from "./planner";
import "./experiments.css";

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
  const variants = useQuery({
    queryKey: [...names.variants, "active"],
    queryFn: ({ signal }) => api.variants({ limit: 10_000 }, signal),
  });
  const start = useMutation({
    mutationFn: () => api.startExperiment(request(draft)),
    onSuccess: async ({ experiment_id }) => {
      await queries.invalidateQueries({ queryKey: names.experiments });
      void navigate(`/experiments/${encodeURIComponent(experiment_id)}`);
    },
  });
  const all = problems(draft);
  const wrong: typeof all = tried ? all : {};
  const set = (changes: Partial<Draft>) => setDraft({ ...draft, ...changes });
  const control = variants.data?.variants.find(({ variant_id }) => variant_id === draft.control);
  const known = control && control.performance.impressions >= 100 ? control.performance.success_rate : null;
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
          noValidate
          onSubmit={(event) => {
            event.preventDefault();
            setTried(true);
            if (Object.keys(all).length === 0) start.mutate();
          }}
        >
          <section className="card" aria-label="What is tested">
            <Text id="name" label="Name" value={draft.name} wrong={wrong.name} onChange={(name) => set({ name })} />
            <Text
              id="description"
              label="What you expect, and why"
              optional
              value={draft.description}
              onChange={(description) => set({ description })}
            />
          </section>
          <section className="card" aria-label="Variants and traffic">
            <Arms draft={draft} set={set} wrong={wrong.arms} variants={variants.data?.variants ?? []} />
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
                    More traffic to what does better (
                    <Term exact="Thompson sampling; judged by the propensity of each assignment">how</Term>
                    ): fewer people see the weaker variants, and the answer comes later.
                  </span>
                </span>
              </label>
            </fieldset>
          </section>
          <section className="card" aria-label="Who, what and how long">
            <div className="pairs">
              <Text
                id="persona"
                label="For whom"
                hint="The persona_id your program sends."
                value={draft.persona}
                wrong={wrong.persona}
                onChange={(persona) => set({ persona })}
              />
              <Text
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
              <Text
                id="metrics"
                label="Success is"
                hint="The metric decided on; more after commas."
                value={draft.metrics}
                wrong={wrong.metrics}
                onChange={(metrics) => set({ metrics })}
              />
              <Text
                id="guardrails"
                label="Must not rise"
                hint="Guardrails, such as unsubscribed."
                optional
                value={draft.guardrails}
                onChange={(guardrails) => set({ guardrails })}
              />
            </div>
            <div className="pairs">
              <Text
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
          </section>
          {start.error && <Failure error={start.error} />}
          {tried && Object.keys(all).length > 0 && (
            <Notice kind="bad" title="Not ready to start" live>
              {Object.values(all).join(" ")}
            </Notice>
          )}
          <div className="row">
            <button type="submit" className="button primary" disabled={!mayWrite || start.isPending}>
              {start.isPending ? "Starting…" : "Start the experiment"}
            </button>
            <Link className="button plain" to="/experiments">
              Cancel
            </Link>
          </div>
        </form>
        <aside aria-label="Power calculator">
          <Planner draft={draft} known={known} />
        </aside>
      </div>
    </div>
  );
}

function Text({
  id,
  label,
  value,
  onChange,
  hint,
  wrong,
  optional = false,
  numeric = false,
}: {
  id: string;
  label: ReactNode;
  value: string;
  onChange: (value: string) => void;
  hint?: string;
  wrong?: string | undefined;
  optional?: boolean;
  numeric?: boolean;
}) {
  return (
    <div className="field">
      <label htmlFor={id}>
        {label} {optional && <span className="quiet small">(optional)</span>}
      </label>
      <input
        id={id}
        className="input"
        value={value}
        inputMode={numeric ? "numeric" : "text"}
        aria-invalid={wrong !== undefined}
        aria-describedby={wrong !== undefined || hint !== undefined ? `${id}-hint` : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {wrong !== undefined ? (
        <p className="wrong" id={`${id}-hint`}>
          {wrong}
        </p>
      ) : (
        hint !== undefined && (
          <p className="hint" id={`${id}-hint`}>
            {hint}
          </p>
        )
      )}
    </div>
  );
}
