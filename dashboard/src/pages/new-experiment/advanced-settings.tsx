import { useEffect, useRef } from "react";
import { formatShare } from "../../format";
import { TextField } from "../../ui/text-field";
import { Term } from "../../ui/tooltip";
import { type ExperimentDraft, type DraftErrors, ADVANCED_FIELDS } from "./draft";

const DEFAULT_MINIMUM_TRAFFIC = 0.1;

/** The settings that most experiments leave at their defaults, folded away until the user opens them. */
export function AdvancedSettings({
  draft,
  set,
  errors,
}: {
  draft: ExperimentDraft;
  set: (changes: Partial<ExperimentDraft>) => void;
  errors: DraftErrors;
}) {
  const details = useRef<HTMLDetailsElement>(null);
  const hasErrors = ADVANCED_FIELDS.some((field) => errors[field] !== undefined);
  useEffect(() => {
    // Open the settings so that the user sees the errors in them.
    if (hasErrors && details.current) details.current.open = true;
  }, [hasErrors]);
  return (
    <details className="card collapsible" ref={details}>
      <summary>
        <h2>Advanced settings</h2>
        <span className="muted small">
          Minimum traffic, shipping rule, late successes, mutually exclusive experiments
        </span>
      </summary>
      {draft.adaptive && draft.variants.length > 0 && (
        <MinimumTrafficFields draft={draft} set={set} error={errors.floors} />
      )}
      <fieldset className="field">
        <legend>Shipping rule</legend>
        <label className="choice">
          <input
            type="checkbox"
            checked={draft.hasShippingRule}
            onChange={(event) => set({ hasShippingRule: event.target.checked })}
          />
          <span>
            Recommend the leading variant when it is safe to ship{" "}
            <span className="muted">
              even if it is not proven better: if another variant is in fact better, you lose almost nothing on average.
              This is a decision rule, not proof: among equal variants it nearly always picks one.
            </span>
          </span>
        </label>
        {draft.hasShippingRule && (
          <div className="field-row three-columns">
            <TextField
              id="loss"
              label="Accepted loss"
              hint={
                <>
                  of the leader's rate,{" "}
                  <Term definition="Expected loss relative to the leader's rate (API field loss_threshold)">
                    on average
                  </Term>
                </>
              }
              value={draft.acceptedLoss}
              error={errors.acceptedLoss}
              onChange={(acceptedLoss) => set({ acceptedLoss })}
              unit="%"
            />
            <TextField
              id="rule-days"
              label="Minimum days"
              hint="A full week averages out weekday effects."
              value={draft.ruleMinimumDays}
              error={errors.ruleMinimumDays}
              onChange={(ruleMinimumDays) => set({ ruleMinimumDays })}
              numeric
            />
            <TextField
              id="rule-sample"
              label="Minimum impressions"
              hint="for each variant"
              value={draft.ruleMinimumImpressions}
              error={errors.ruleMinimumImpressions}
              onChange={(ruleMinimumImpressions) => set({ ruleMinimumImpressions })}
              numeric
            />
          </div>
        )}
      </fieldset>
      <fieldset className="field">
        <legend>Late successes</legend>
        <TextField
          id="attribution"
          label="Attribution window (days)"
          hint={
            <>
              A success later than this after its impression{" "}
              <Term definition="API field attribution_days">does not count</Term>. Leave empty to count every success
              until the experiment ends.
            </>
          }
          optional
          value={draft.attributionDays}
          error={errors.attributionDays}
          onChange={(attributionDays) => set({ attributionDays })}
          numeric
        />
        <label className="choice">
          <input
            type="checkbox"
            checked={draft.excludeUnresolved}
            onChange={(event) => set({ excludeUnresolved: event.target.checked })}
          />
          <span>
            Exclude each impression until its attribution window has passed{" "}
            <span className="muted">
              instead of counting it as a failure until it succeeds. Useful if successes take days.
            </span>
          </span>
        </label>
      </fieldset>
      <fieldset className="field">
        <legend>Mutually exclusive experiments</legend>
        <p className="hint">
          Experiments in the same namespace never share a participant if their ranges do not overlap.
        </p>
        <div className="field-row three-columns">
          <TextField
            id="namespace"
            label="Namespace"
            optional
            value={draft.namespace}
            onChange={(namespace) => set({ namespace })}
            placeholder="checkout"
          />
          <TextField
            id="from"
            label="From"
            value={draft.namespaceFrom}
            error={errors.namespaceRange}
            onChange={(namespaceFrom) => set({ namespaceFrom })}
            unit="%"
          />
          <TextField
            id="to"
            label="To"
            value={draft.namespaceTo}
            onChange={(namespaceTo) => set({ namespaceTo })}
            unit="%"
          />
        </div>
      </fieldset>
      <TextField
        id="salt"
        label="Assignment salt"
        hint={
          <>
            Experiments with the same{" "}
            <Term definition="A text that is hashed together with the participant's id">salt</Term> and split assign a
            participant to the same position. Leave empty for a unique salt.
          </>
        }
        optional
        value={draft.salt}
        onChange={(salt) => set({ salt })}
      />
    </details>
  );
}

/** The minimum traffic share of each variant under adaptive traffic. */
function MinimumTrafficFields({
  draft,
  set,
  error,
}: {
  draft: ExperimentDraft;
  set: (changes: Partial<ExperimentDraft>) => void;
  error: string | undefined;
}) {
  const isCustom = draft.variants.some(({ floor }) => floor !== undefined && floor.trim() !== "");
  return (
    <fieldset className="field">
      <legend>
        <Term definition="The lowest propensity of each variant (API field floors)">Minimum traffic</Term> of each
        variant
      </legend>
      <p className="hint">
        However badly a variant performs, it keeps getting this share of the traffic, so that its rate can still be
        measured.{" "}
        {isCustom
          ? "Empty: no minimum."
          : `Default: ${formatShare(DEFAULT_MINIMUM_TRAFFIC)} in total, divided equally among the variants.`}
      </p>
      <div className="field-row">
        {draft.variants.map(({ variant_id, floor }, i) => (
          <TextField
            key={variant_id}
            id={`floor-${i}`}
            label={variant_id}
            value={floor ?? ""}
            placeholder={
              isCustom ? "0" : String(Number(((100 * DEFAULT_MINIMUM_TRAFFIC) / draft.variants.length).toFixed(1)))
            }
            onChange={(typed) =>
              set({
                variants: draft.variants.map((variant) =>
                  variant.variant_id === variant_id ? { ...variant, floor: typed } : variant,
                ),
              })
            }
            unit="%"
          />
        ))}
      </div>
      {error !== undefined && <p className="field-error">{error}</p>}
    </fieldset>
  );
}
