import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { TableQuery } from "armful-client";
import { useRef, useState } from "react";
import { api, queryKeys } from "../../api";
import { formatRate, pluralize } from "../../format";
import { Icon } from "../../ui/icon";
import { useDebounced } from "../../ui/use-debounced";
import { type ExperimentDraft, splitEvenly } from "./draft";

const MAX_OPTIONS = 50;

/** Chooses the experiment's variants, their traffic shares, and which of them is control. */
export function VariantPicker({
  draft,
  set,
  error,
}: {
  draft: ExperimentDraft;
  set: (changes: Partial<ExperimentDraft>) => void;
  error: string | undefined;
}) {
  const [searchText, setSearchText] = useState("");
  const chosen = new Set(draft.variants.map(({ variant_id }) => variant_id));
  const search: TableQuery = {
    search: useDebounced(searchText).trim(),
    sort: "chance",
    limit: MAX_OPTIONS + draft.variants.length,
  };
  const table = useQuery({
    queryKey: queryKeys.table(search),
    queryFn: ({ signal }) => api.table(search, signal),
    placeholderData: keepPreviousData,
  });
  const options = (table.data?.rows ?? []).filter(({ variant_id }) => !chosen.has(variant_id));
  const hiddenCount = (table.data?.matching_count ?? 0) - (table.data?.rows.length ?? 0);
  const choose = (ids: string[]) =>
    set({
      variants: splitEvenly(ids).map((variant) => ({
        ...draft.variants.find(({ variant_id }) => variant_id === variant.variant_id),
        ...variant,
      })),
      control: ids.includes(draft.control ?? "") ? draft.control : (ids[0] ?? null),
    });
  const searchInput = useRef<HTMLInputElement>(null);
  // The pressed button disappears, so move the focus to the search field for keyboard users.
  const add = (id: string) => {
    choose([...chosen, id]);
    setSearchText("");
    searchInput.current?.focus();
  };
  const remove = (removedId: string) => {
    choose([...chosen].filter((id) => id !== removedId));
    searchInput.current?.focus();
  };
  return (
    <fieldset className="field" style={{ gap: "0.8rem" }}>
      <legend>Variants</legend>
      {draft.variants.length > 0 && (
        <p className="hint">The other variants are compared with control, usually the variant in use today.</p>
      )}
      {draft.variants.length > 0 && (
        <ul className="chosen-variants">
          {draft.variants.map(({ variant_id, percent }) => (
            <li key={variant_id}>
              <span className="break-anywhere">{variant_id}</span>
              <label className="choice">
                <input
                  type="radio"
                  name="control"
                  checked={draft.control === variant_id}
                  onChange={() => set({ control: variant_id })}
                />
                control
              </label>
              <span className="percent-input">
                <input
                  className="input"
                  inputMode="decimal"
                  aria-label={`Traffic share of ${variant_id} in percent`}
                  value={percent}
                  onChange={(event) =>
                    set({
                      variants: draft.variants.map((variant) =>
                        variant.variant_id === variant_id ? { ...variant, percent: event.target.value } : variant,
                      ),
                    })
                  }
                />
              </span>
              <button
                type="button"
                className="button ghost compact"
                aria-label={`Remove ${variant_id}`}
                onClick={() => remove(variant_id)}
              >
                <Icon name="close" size={15} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {draft.variants.length > 1 && (
        <div>
          <button
            type="button"
            className="button compact"
            onClick={() => choose(draft.variants.map(({ variant_id }) => variant_id))}
          >
            Split evenly
          </button>
        </div>
      )}
      {error !== undefined && <p className="field-error">{error}</p>}
      <input
        ref={searchInput}
        className="input"
        type="search"
        aria-label="Find a variant to add"
        placeholder="Find a variant to add"
        value={searchText}
        onChange={(event) => setSearchText(event.target.value)}
      />
      <ul className="variant-options" aria-label="Variants to add">
        {options.map(({ variant_id, performance: { success_rate, impressions } }) => (
          <li key={variant_id}>
            <button type="button" onClick={() => add(variant_id)}>
              <span>{variant_id}</span>
              <span className="small muted number">
                {impressions === 0 ? "not shown yet" : formatRate(success_rate)}
              </span>
            </button>
          </li>
        ))}
      </ul>
      {hiddenCount > 0 && (
        <p className="hint">
          Showing the variants most likely to be best. Search to find {pluralize(hiddenCount, "more", "more")}.
        </p>
      )}
    </fieldset>
  );
}
