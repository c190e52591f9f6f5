import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api";
import { count, lift, rate, things } from "../../format";
import { smallestRise } from "../../stats/power";
import { Term } from "../../ui/tip";
import type { Draft } from "./draft";

/** Beside the form: what the split and the time chosen there can find. */
export function Planner({ draft, known }: { draft: Draft; known: number | null }) {
  const [baseline, setBaseline] = useState<string | null>(null);
  const [daily, setDaily] = useState("500");
  const [wanted, setWanted] = useState("20");
  const percent = baseline ?? (known === null ? "10" : String(Number((known * 100).toFixed(2))));
  const base = Number(percent) / 100;
  const arms = Math.max(2, draft.arms.length);
  const sizes = shares(draft).map((part) => part * Number(daily) * Number(draft.days));
  const [control = 0, ...others] = sizes;
  const rise = smallestRise(base, Math.floor(control), Math.floor(Math.min(...others)), arms - 1);
  const plan = useQuery({
    queryKey: ["power", base, Number(wanted), arms, Number(daily)],
    queryFn: ({ signal }) =>
      api.power(
        {
          baseline: base,
          mde: Number(wanted) / 100,
          relative: true,
          variants: arms,
          daily_participants: Number(daily),
        },
        signal,
      ),
    enabled: base > 0 && base < 1 && Number(wanted) > 0 && Number(daily) > 0,
    placeholderData: keepPreviousData,
    retry: false,
  });
  return (
    <div className="card stack">
      <h2>What it can find</h2>
      <div className="pairs">
        <Percent
          id="baseline"
          label="Rate now"
          hint={known === null ? "of control, as you expect it" : "of control, as counted"}
          value={percent}
          onChange={setBaseline}
        />
        <div className="field">
          <label htmlFor="daily">Participants a day</label>
          <input
            id="daily"
            className="input"
            inputMode="numeric"
            value={daily}
            onChange={(event) => setDaily(event.target.value)}
          />
          <p className="hint">all variants together</p>
        </div>
      </div>
      <div aria-live="polite" className="stack" style={{ gap: "0.4rem" }}>
        {rise === null ? (
          <>
            <p className="big">–</p>
            <p className="quiet small">
              {base > 0 && base < 1
                ? "Too few participants to find anything."
                : "The rate must lie between 0 and 100 %."}
            </p>
          </>
        ) : (
          <>
            <p className="big">{lift(rise / base)}</p>
            <p className="quiet small">
              or more over control is found{" "}
              <Term exact="Power 0.8, two-sided test at 5 %, divided among the comparisons with control (pooled z test, fixed horizon)">
                four times in five
              </Term>
              : from {rate(base, base, base + rise)} to {rate(base + rise, base, base + rise)}, with about{" "}
              {between(sizes)} participants a variant in {things(Number(draft.days), "day")}.
            </p>
          </>
        )}
        {draft.adaptive && (
          <p className="quiet small">
            Adaptive traffic finds differences later than an even split: it shows the weaker variants less and less.
          </p>
        )}
      </div>
      <hr style={{ width: "100%", border: 0, borderTop: "1px solid var(--line)" }} />
      <Percent
        id="wanted"
        label="Lift you want to find"
        hint="relative to control's rate"
        value={wanted}
        onChange={setWanted}
      />
      <div aria-live="polite">
        {plan.error ? (
          <p className="small" style={{ color: "var(--bad)" }}>
            {plan.error.message}
          </p>
        ) : plan.data ? (
          <p className="small quiet">
            Needs <strong className="number">{count(plan.data.sample_size_per_variant)}</strong> participants a variant
            {plan.data.days !== null && (
              <>
                , <strong className="number">{things(plan.data.days, "day")}</strong> at this traffic in an even split
              </>
            )}
            .
          </p>
        ) : null}
      </div>
    </div>
  );
}

function between(sizes: number[]): string {
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)].map((size) => count(size));
  return least === most ? (least ?? "") : `${least} to ${most}`;
}

/** Each variant's part, control first; an even split where none is chosen yet. */
function shares({ arms, control }: Draft): number[] {
  if (arms.length < 2) return [0.5, 0.5];
  const first = arms.find(({ variant_id }) => variant_id === control) ?? arms[0];
  const rest = arms.filter((arm) => arm !== first);
  return [...(first ? [first] : []), ...rest].map(({ percent }) => Number(percent) / 100);
}

function Percent({
  id,
  label,
  hint,
  value,
  onChange,
}: {
  id: string;
  label: string;
  hint: string;
  value: string;
  onChange: (value: string) => void;
}) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="percent">
        <input
          id={id}
          className="input"
          inputMode="decimal"
          value={value}
          onChange={(event) => onChange(event.target.value)}
          aria-describedby={`${id}-hint`}
        />
      </div>
      <p className="hint" id={`${id}-hint`}>
        {hint}
      </p>
    </div>
  );
}
