import { useEffect, useRef } from "react";
import { share } from "../../format";
import { Field } from "../../ui/field";
import { Term } from "../../ui/tip";
import { type Draft, type problems, RARE } from "./draft";

const DEFAULT_FLOORS = 0.1;

/** What most experiments leave as it is. */
export function Options({
  draft,
  set,
  wrong,
}: {
  draft: Draft;
  set: (changes: Partial<Draft>) => void;
  wrong: ReturnType<typeof problems>;
}) {
  const fold = useRef<HTMLDetailsElement>(null);
  const hides = RARE.some((field) => wrong[field] !== undefined);
  useEffect(() => {
    // What is wrong must not stay folded away.
    if (hides && fold.current) fold.current.open = true;
  }, [hides]);
  return (
    <details className="card fold" ref={fold}>
      <summary>
        <h2>More settings</h2>
        <span className="quiet small">Least shares, when to ship, late outcomes, experiments side by side</span>
      </summary>
      {draft.adaptive && draft.arms.length > 0 && <Floors draft={draft} set={set} wrong={wrong.floors} />}
      <fieldset className="field">
        <legend>When to ship</legend>
        <label className="check">
          <input type="checkbox" checked={draft.rule} onChange={(event) => set({ rule: event.target.checked })} />
          <span>
            Say when the leader is safe to ship{" "}
            <span className="quiet">
              even if it is not proven better: when choosing it, should another be better after all, costs next to
              nothing. A rule for deciding, no proof: between equal variants it names one nearly always.
            </span>
          </span>
        </label>
        {draft.rule && (
          <div className="pairs thirds">
            <Field
              id="loss"
              label="Loss you accept"
              hint={
                <>
                  of the leader's rate,{" "}
                  <Term exact="Expected loss relative to the leader's rate (loss_threshold)">on average</Term>
                </>
              }
              value={draft.loss}
              wrong={wrong.loss}
              onChange={(loss) => set({ loss })}
              unit="%"
            />
            <Field
              id="rule-days"
              label="Not before day"
              hint="A week evens out weekdays."
              value={draft.ruleDays}
              wrong={wrong.ruleDays}
              onChange={(ruleDays) => set({ ruleDays })}
              numeric
            />
            <Field
              id="rule-sample"
              label="Nor under"
              hint="impressions of each variant"
              value={draft.ruleSample}
              wrong={wrong.ruleSample}
              onChange={(ruleSample) => set({ ruleSample })}
              numeric
            />
          </div>
        )}
      </fieldset>
      <fieldset className="field">
        <legend>Successes that come late</legend>
        <Field
          id="attribution"
          label="Days a success may take"
          hint={
            <>
              A success later than that after its impression{" "}
              <Term exact="Attribution window (attribution_days)">does not count</Term>. Nothing: as long as the
              experiment runs.
            </>
          }
          optional
          value={draft.attribution}
          wrong={wrong.attribution}
          onChange={(attribution) => set({ attribution })}
          numeric
        />
        <label className="check">
          <input type="checkbox" checked={draft.pending} onChange={(event) => set({ pending: event.target.checked })} />
          <span>
            Leave impressions out until these days are over{" "}
            <span className="quiet">
              instead of counting them as failures until they succeed: for successes that take days.
            </span>
          </span>
        </label>
      </fieldset>
      <fieldset className="field">
        <legend>Side by side with others</legend>
        <p className="hint">
          Experiments in the same <Term exact="namespace">group</Term> whose parts do not overlap never share a
          participant.
        </p>
        <div className="pairs thirds">
          <Field
            id="namespace"
            label="Group"
            optional
            value={draft.namespace}
            onChange={(namespace) => set({ namespace })}
            placeholder="checkout"
          />
          <Field
            id="from"
            label="From"
            value={draft.from}
            wrong={wrong.range}
            onChange={(from) => set({ from })}
            unit="%"
          />
          <Field id="to" label="To" value={draft.to} onChange={(to) => set({ to })} unit="%" />
        </div>
      </fieldset>
      <Field
        id="salt"
        label="Seed of the split"
        hint={
          <>
            Experiments with the same <Term exact="salt: hashed with the participant's id">seed</Term> and split give a
            participant the same place. Nothing: one of its own.
          </>
        }
        optional
        value={draft.salt}
        onChange={(salt) => set({ salt })}
      />
    </details>
  );
}

function Floors({
  draft,
  set,
  wrong,
}: {
  draft: Draft;
  set: (changes: Partial<Draft>) => void;
  wrong: string | undefined;
}) {
  const own = draft.arms.some(({ floor }) => floor !== undefined && floor.trim() !== "");
  return (
    <fieldset className="field">
      <legend>
        <Term exact="floors: the least propensity of each variant">Least share</Term> of each variant
      </legend>
      <p className="hint">
        However badly it does, a variant goes on getting this part of the traffic, so that there is something to judge
        it by. {own ? "Left empty it gets none for sure." : `Nothing: ${share(DEFAULT_FLOORS)} in all, spread evenly.`}
      </p>
      <div className="pairs">
        {draft.arms.map(({ variant_id, floor }, i) => (
          <Field
            key={variant_id}
            id={`floor-${i}`}
            label={variant_id}
            value={floor ?? ""}
            placeholder={own ? "0" : String(Number(((100 * DEFAULT_FLOORS) / draft.arms.length).toFixed(1)))}
            onChange={(typed) =>
              set({ arms: draft.arms.map((arm) => (arm.variant_id === variant_id ? { ...arm, floor: typed } : arm)) })
            }
            unit="%"
          />
        ))}
      </div>
      {wrong !== undefined && <p className="wrong">{wrong}</p>}
    </fieldset>
  );
}
