import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api";
import { formatCount, formatLift, formatRate, pluralize } from "../../format";
import { minimumDetectableIncrease } from "../../stats/power";
import { Term } from "../../ui/tooltip";
import { type ExperimentDraft, successMetrics } from "./draft";

/** Computes the smallest lift that the drafted experiment can detect, and the sample size that a wanted lift requires. */
export function PowerCalculator({ draft, measuredRate }: { draft: ExperimentDraft; measuredRate: number | null }) {
  const [baseline, setBaseline] = useState<string | null>(null);
  const [dailyParticipants, setDailyParticipants] = useState("500");
  const [targetLift, setTargetLift] = useState("20");
  const percent = baseline ?? (measuredRate === null ? "10" : String(Number((measuredRate * 100).toFixed(2))));
  const baselineRate = Number(percent) / 100;
  const [first] = successMetrics(draft);
  const variantCount = Math.max(2, draft.variants.length);
  const sampleSizes = trafficShares(draft).map((share) => share * Number(dailyParticipants) * Number(draft.days));
  const [control = 0, ...others] = sampleSizes;
  const increase = minimumDetectableIncrease(
    baselineRate,
    Math.floor(control),
    Math.floor(Math.min(...others)),
    variantCount - 1,
  );
  const plan = useQuery({
    queryKey: ["power", baselineRate, Number(targetLift), variantCount, Number(dailyParticipants)],
    queryFn: ({ signal }) =>
      api.power(
        {
          baseline: baselineRate,
          mde: Number(targetLift) / 100,
          relative: true,
          variants: variantCount,
          daily_participants: Number(dailyParticipants),
        },
        signal,
      ),
    enabled: baselineRate > 0 && baselineRate < 1 && Number(targetLift) > 0 && Number(dailyParticipants) > 0,
    placeholderData: keepPreviousData,
    retry: false,
  });
  return (
    <div className="card stack">
      <h2>Sample size and power</h2>
      {first !== undefined && (draft.declarations[first]?.kind ?? "conversion") !== "conversion" && (
        <p className="small muted">
          This is for conversion rates. <code>armful power --help</code> says how to plan for {first}.
        </p>
      )}
      <div className="field-row">
        <PercentField
          id="baseline"
          label="Current rate"
          hint={measuredRate === null ? "of control (your estimate)" : "of control (measured)"}
          value={percent}
          onChange={setBaseline}
        />
        <div className="field">
          <label htmlFor="daily">Participants per day</label>
          <input
            id="daily"
            className="input"
            inputMode="numeric"
            value={dailyParticipants}
            onChange={(event) => setDailyParticipants(event.target.value)}
          />
          <p className="hint">all variants combined</p>
        </div>
      </div>
      <div aria-live="polite" className="stack" style={{ gap: "0.4rem" }}>
        {increase === null ? (
          <>
            <p className="large-number">–</p>
            <p className="muted small">
              {baselineRate > 0 && baselineRate < 1
                ? "Too few participants to detect any lift."
                : "The rate must be between 0 and 100 %."}
            </p>
          </>
        ) : (
          <>
            <p className="large-number">{formatLift(increase / baselineRate)}</p>
            <p className="muted small">
              is the smallest lift over control with{" "}
              <Term definition="Two-sided pooled z test at the planned end, with a significance level of 5 % divided by the number of comparisons with control">
                80 % power to detect
              </Term>
              : from {formatRate(baselineRate, baselineRate, baselineRate + increase)} to{" "}
              {formatRate(baselineRate + increase, baselineRate, baselineRate + increase)}, with about{" "}
              {formatRange(sampleSizes)} participants per variant in {pluralize(Number(draft.days), "day")}.
            </p>
          </>
        )}
        {draft.adaptive && (
          <p className="muted small">
            Adaptive traffic detects differences later than an even split, because weaker variants get less and less of
            it.
          </p>
        )}
      </div>
      <hr style={{ width: "100%", border: 0, borderTop: "1px solid var(--line)" }} />
      <PercentField
        id="target-lift"
        label="Lift to detect"
        hint="relative to control's rate"
        value={targetLift}
        onChange={setTargetLift}
      />
      <div aria-live="polite">
        {plan.error ? (
          <p className="small" style={{ color: "var(--error)" }}>
            {plan.error.message}
          </p>
        ) : plan.data ? (
          <p className="small muted">
            Requires <strong className="number">{formatCount(plan.data.sample_size_per_variant)}</strong> participants
            per variant
            {plan.data.days !== null && (
              <>
                , <strong className="number">{pluralize(plan.data.days, "day")}</strong> at this traffic with an even
                split
              </>
            )}
            .
          </p>
        ) : null}
      </div>
    </div>
  );
}

function formatRange(sizes: number[]): string {
  const [smallest, largest] = [Math.min(...sizes), Math.max(...sizes)].map((size) => formatCount(size));
  return smallest === largest ? (smallest ?? "") : `${smallest} to ${largest}`;
}

/** Each variant's share of the traffic, control first; an even split of two until the user has chosen variants. */
function trafficShares({ variants, control }: ExperimentDraft): number[] {
  if (variants.length < 2) return [0.5, 0.5];
  const first = variants.find(({ variant_id }) => variant_id === control) ?? variants[0];
  const rest = variants.filter((variant) => variant !== first);
  return [...(first ? [first] : []), ...rest].map(({ percent }) => Number(percent) / 100);
}

function PercentField({
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
      <div className="percent-input">
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
