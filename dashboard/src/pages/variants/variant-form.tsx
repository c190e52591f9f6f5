import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { VariantView } from "armful-client";
import { useRef, useState } from "react";
import { api, queryKeys } from "../../api";
import { Dialog } from "../../ui/dialog";
import { TextField } from "../../ui/text-field";
import { Icon } from "../../ui/icon";
import { ErrorNotice } from "../../ui/notices";
import { Term } from "../../ui/tooltip";

interface DimensionInput {
  id: number;
  name: string;
  value: string;
}

/** The prior, and data from another system, as the user typed them. */
interface PriorInput {
  alpha: string;
  beta: string;
  impressions: string;
  successes: string;
}

/** A dialog that creates a variant, or edits an existing one. */
export function VariantForm({ variant, onClose }: { variant?: VariantView; onClose: () => void }) {
  const queries = useQueryClient();
  const addButton = useRef<HTMLButtonElement>(null);
  const [id, setId] = useState(variant?.variant_id ?? "");
  const [content, setContent] = useState(variant?.content ?? "");
  const [dimensionInputs, setDimensionInputs] = useState<DimensionInput[]>(() =>
    Object.entries(variant?.dimensions ?? { "": "" }).map(([name, value], position) => ({ id: position, name, value })),
  );
  const [prior, setPrior] = useState<PriorInput>(() => ({
    alpha: String(variant?.prior_alpha ?? 1),
    beta: String(variant?.prior_beta ?? 1),
    impressions: "",
    successes: "",
  }));
  const save = useMutation({
    mutationFn: async () => {
      const dimensions = Object.fromEntries(
        dimensionInputs.filter(({ name }) => name.trim() !== "").map(({ name, value }) => [name.trim(), value]),
      );
      const changes = {
        dimensions,
        content: content === "" ? null : content,
        prior_alpha: Number(prior.alpha),
        prior_beta: Number(prior.beta),
      };
      if (variant) await api.changeVariant(variant.variant_id, changes);
      else {
        const history = { impressions: Number(prior.impressions), successes: Number(prior.successes) };
        await api.createVariants([{ variant_id: id, ...changes, ...history }]);
      }
    },
    onSuccess: async () => {
      await Promise.all([
        queries.invalidateQueries({ queryKey: queryKeys.variants }),
        queries.invalidateQueries({ queryKey: queryKeys.standings }),
        queries.invalidateQueries({ queryKey: queryKeys.variant(variant?.variant_id ?? id) }),
      ]);
      onClose();
    },
  });
  const changeInput = (changed: DimensionInput) =>
    setDimensionInputs(dimensionInputs.map((input) => (input.id === changed.id ? changed : input)));
  return (
    <Dialog title={variant ? "Edit variant" : "New variant"} onClose={onClose}>
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
              The id that your application uses. It cannot be changed later.
            </p>
          </div>
        )}
        <div className="field">
          <label htmlFor="variant-content">Content</label>
          <textarea
            id="variant-content"
            className="textarea"
            value={content}
            onChange={(event) => setContent(event.target.value)}
            aria-describedby="variant-content-hint"
          />
          <p id="variant-content-hint" className="hint">
            Optional. armful returns it with every selection of this variant.
          </p>
        </div>
        <fieldset className="field">
          <legend>Dimensions</legend>
          <p className="hint">Properties to filter by, such as tone, length or hook_style.</p>
          {dimensionInputs.map((input) => (
            <div key={input.id} className="dimension-row">
              <input
                className="input"
                aria-label="Dimension"
                placeholder="tone"
                maxLength={255}
                value={input.name}
                onChange={(event) => changeInput({ ...input, name: event.target.value })}
              />
              <input
                className="input"
                aria-label="Value"
                placeholder="casual"
                value={input.value}
                onChange={(event) => changeInput({ ...input, value: event.target.value })}
              />
              <button
                type="button"
                className="button ghost compact"
                aria-label={`Remove the dimension ${input.name}`}
                onClick={() => {
                  setDimensionInputs(dimensionInputs.filter(({ id: other }) => other !== input.id));
                  addButton.current?.focus();
                }}
              >
                <Icon name="close" size={15} />
              </button>
            </div>
          ))}
          <div>
            <button
              ref={addButton}
              type="button"
              className="button ghost compact"
              onClick={() =>
                setDimensionInputs([
                  ...dimensionInputs,
                  { id: 1 + Math.max(-1, ...dimensionInputs.map((input) => input.id)), name: "", value: "" },
                ])
              }
            >
              <Icon name="plus" size={15} /> Add dimension
            </button>
          </div>
        </fieldset>
        <PriorAndHistory prior={prior} setPrior={setPrior} isNew={!variant} />
        {save.error && <ErrorNotice error={save.error} />}
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

/** The prior and, for a new variant, its past impressions and successes; folded away until the user opens it. */
function PriorAndHistory({
  prior,
  setPrior,
  isNew,
}: {
  prior: PriorInput;
  setPrior: (prior: PriorInput) => void;
  isNew: boolean;
}) {
  return (
    <details className="collapsible">
      <summary>Prior and history</summary>
      {isNew && (
        <div className="field-row">
          <TextField
            id="past-impressions"
            label="Past impressions"
            hint="From another system."
            optional
            value={prior.impressions}
            onChange={(impressions) => setPrior({ ...prior, impressions })}
            numeric
          />
          <TextField
            id="past-successes"
            label="Past successes"
            optional
            value={prior.successes}
            onChange={(successes) => setPrior({ ...prior, successes })}
            numeric
          />
        </div>
      )}
      <div className="field-row">
        <TextField
          id="prior-alpha"
          label="Prior α"
          hint={
            <>
              Counts as{" "}
              <Term definition="Prior Beta(α, β); with 1 and 1, every rate is equally likely">α successes</Term> …
            </>
          }
          value={prior.alpha}
          onChange={(alpha) => setPrior({ ...prior, alpha })}
          numeric
        />
        <TextField
          id="prior-beta"
          label="Prior β"
          hint="… and β failures. 1 and 1: no prior knowledge."
          value={prior.beta}
          onChange={(beta) => setPrior({ ...prior, beta })}
          numeric
        />
      </div>
    </details>
  );
}
