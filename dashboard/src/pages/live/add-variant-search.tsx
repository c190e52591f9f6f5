import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { TableQuery } from "armful-client";
import { useState } from "react";
import { api, queryKeys } from "../../api";
import { useDebounced } from "../../ui/use-debounced";

const MAX_SUGGESTIONS = 20;

/** A search field that adds a variant to the watched ones. The service searches, however many variants there are. */
export function AddVariantSearch({ watchedIds, onAdd }: { watchedIds: string[]; onAdd: (variantId: string) => void }) {
  const [text, setText] = useState("");
  const search: TableQuery = { search: useDebounced(text).trim(), sort: "chance", limit: MAX_SUGGESTIONS };
  const table = useQuery({
    queryKey: queryKeys.table(search),
    queryFn: ({ signal }) => api.table(search, signal),
    placeholderData: keepPreviousData,
  });
  const suggestions = (table.data?.rows ?? [])
    .map(({ variant_id }) => variant_id)
    .filter((id) => !watchedIds.includes(id));
  const add = (id: string) => {
    onAdd(id);
    setText("");
  };
  return (
    <form
      className="add-variant"
      onSubmit={(event) => {
        event.preventDefault();
        const typed = text.trim();
        const [first] = suggestions;
        if (suggestions.includes(typed)) add(typed);
        else if (first !== undefined && typed !== "" && !table.isPlaceholderData) add(first);
      }}
    >
      <input
        className="input"
        type="search"
        list="variant-suggestions"
        aria-label="Watch another variant"
        placeholder="Add a variant…"
        value={text}
        onChange={(event) => {
          const { value } = event.target;
          // Add a variant at once if the user picked it from the list; while typing, an id may be the start of another.
          const inputType =
            event.nativeEvent instanceof InputEvent ? event.nativeEvent.inputType : "insertReplacementText";
          if (inputType === "insertReplacementText" && suggestions.includes(value)) add(value);
          else setText(value);
        }}
      />
      <datalist id="variant-suggestions">
        {suggestions.map((id) => (
          <option key={id} value={id} />
        ))}
      </datalist>
    </form>
  );
}
