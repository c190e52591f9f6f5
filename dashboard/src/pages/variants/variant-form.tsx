import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { VariantView } from "armful-client";
import { useRef, useState } from "react";
import { api, names } from "../../api";
import { Dialog } from "../../ui/dialog";
import { Field } from "../../ui/field";
import { Icon } from "../../ui/icon";
import { Failure } from "../../ui/states";
import { Term } from "../../ui/tip";

interface Pair {
  id: number;
  name: string;
  value: string;
}

/** What is known before anything is shown here, as it was typed. */
interface Known {
  alpha: string;
  beta: string;
  impressions: string;
  successes: string;
}

/** Creates a variant, or changes one's dimensions and content. */
export function VariantForm({ variant, onClose }: { variant?: VariantView; onClose: () => void }) {
  const queries = useQueryClient();
  const add = useRef<HTMLButtonElement>(null);
  const [id, setId] = useState(variant?.variant_id ?? "");
  const [content, setContent] = useState(variant?.content ?? "");
  const [pairs, setPairs] = useState<Pair[]>(() =>
    Object.entries(variant?.dimensions ?? { "": "" }).map(([name, value], position) => ({ id: position, name, value })),
  );
  const [known, setKnown] = useState<Known>(() => ({
    alpha: String(variant?.prior_alpha ?? 1),
    beta: String(variant?.prior_beta ?? 1),
    impressions: "",
    successes: "",
  }));
  const save = useMutation({
    mutationFn: async () => {
      const dimensions = Object.fromEntries(
        pairs.filter(({ name }) => name.trim() !== "").map(({ name, value }) => [name.trim(), value]),
      );
      const changes = {
        dimensions,
        content: content === "" ? null : content,
        prior_alpha: Number(known.alpha),
        prior_beta: Number(known.beta),
      };
      if (variant) await api.changeVariant(variant.variant_id, changes);
      else {
        const past = { impressions: Number(known.impressions), successes: Number(known.successes) };
        await api.createVariants([{ variant_id: id, ...changes, ...past }]);
      }
    },
    onSuccess: async () => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: names.variants }),
        queries.invalidateQueries({ queryKey: names.standings }),
        queries.invalidateQueries({ queryKey: names.variant(variant?.variant_id ?? id) }),
      ]);
      onClose();
    },
  });
  const change = (changed: Pair) => setPairs(pairs.map((pair) => (pair.id === changed.id ? changed : pair)));
  return (
    <Dialog title={variant ? "Edit the variant" : "New variant"} onClose={onClose}>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault();
          if (!save.isPending) save.mutate();
        }}
      >
        {!variant && (
          <div className="field">
            <label htmlFor="variant-id">Id</label>
            <input
              id="variant-id"
              className="input"
              required
              maxLength={255}
              value={id}
              onChange={(event) => setId(event.target.value)}
              aria-describedby="variant-id-hint"
            />
            <p id="variant-id-hint" className="hint">
              What your program calls it. It can't be changed later.
            </p>
          </div>
        )}
        <div className="field">
          <label htmlFor="variant-content">Content</label>
          <textarea
            id="variant-content"
            className="area"
            value={content}
            onChange={(event) => setContent(event.target.value)}
            aria-describedby="variant-content-hint"
          />
          <p id="variant-content-hint" className="hint">
            Optional: comes along with every selection of this variant.
          </p>
        </div>
        <fieldset className="field">
          <legend>Dimensions</legend>
          <p className="hint">What it is like, to filter by: tone, length, hook_style …</p>
          {pairs.map((pair) => (
            <div key={pair.id} className="pair">
              <input
                className="input"
                aria-label="Dimension"
                placeholder="tone"
                maxLength={255}
                value={pair.name}
                onChange={(event) => change({ ...pair, name: event.target.value })}
              />
              <input
                className="input"
                aria-label="Value"
                placeholder="casual"
                value={pair.value}
                onChange={(event) => change({ ...pair, value: event.target.value })}
              />
              <button
                type="button"
                className="button plain tight"
                aria-label={`Remove the dimension ${pair.name}`}
                onClick={() => {
                  setPairs(pairs.filter(({ id: other }) => other !== pair.id));
                  add.current?.focus();
                }}
              >
                <Icon name="close" size={15} />
              </button>
            </div>
          ))}
          <div>
            <button
              ref={add}
              type="button"
              className="button plain tight"
              onClick={() =>
                setPairs([...pairs, { id: 1 + Math.max(-1, ...pairs.map((pair) => pair.id)), name: "", value: "" }])
              }
            >
              <Icon name="plus" size={15} /> Add a dimension
            </button>
          </div>
        </fieldset>
        <Before known={known} set={setKnown} isNew={!variant} />
        {save.error && <Failure error={save.error} />}
        <div className="actions">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" aria-disabled={save.isPending}>
            {variant ? "Save" : "Create"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

function Before({ known, set, isNew }: { known: Known; set: (known: Known) => void; isNew: boolean }) {
  return (
    <details className="fold">
      <summary>What is known before</summary>
      {isNew && (
        <div className="pairs">
          <Field
            id="past-impressions"
            label="Shown so far"
            hint="History brought along from elsewhere."
            optional
            value={known.impressions}
            onChange={(impressions) => set({ ...known, impressions })}
            numeric
          />
          <Field
            id="past-successes"
            label="Of these, successes"
            optional
            value={known.successes}
            onChange={(successes) => set({ ...known, successes })}
            numeric
          />
        </div>
      )}
      <div className="pairs">
        <Field
          id="prior-alpha"
          label="Prior α"
          hint={
            <>
              Counts like <Term exact="Prior Beta(α, β); 1 and 1: every rate is as likely">α successes</Term> …
            </>
          }
          value={known.alpha}
          onChange={(alpha) => set({ ...known, alpha })}
          numeric
        />
        <Field
          id="prior-beta"
          label="Prior β"
          hint="… and β failures seen before. 1 and 1: nothing is known."
          value={known.beta}
          onChange={(beta) => set({ ...known, beta })}
          numeric
        />
      </div>
    </details>
  );
}
