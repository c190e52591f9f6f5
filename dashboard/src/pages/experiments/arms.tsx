import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { TableQuery } from "armful-client";
import { useRef, useState } from "react";
import { api, names } from "../../api";
import { rate, things } from "../../format";
import { Icon } from "../../ui/icon";
import { useSettled } from "../../ui/settled";
import { type Draft, evenly } from "./draft";

const MOST_CHOICES = 50;

/** Which variants share the traffic, how, and which of them is control. */
export function Arms({
  draft,
  set,
  wrong,
}: {
  draft: Draft;
  set: (changes: Partial<Draft>) => void;
  wrong: string | undefined;
}) {
  const [search, setSearch] = useState("");
  const chosen = new Set(draft.arms.map(({ variant_id }) => variant_id));
  const wanted: TableQuery = {
    search: useSettled(search).trim(),
    sort: "chance",
    limit: MOST_CHOICES + draft.arms.length,
  };
  const table = useQuery({
    queryKey: names.table(wanted),
    queryFn: ({ signal }) => api.table(wanted, signal),
    placeholderData: keepPreviousData,
  });
  const found = (table.data?.rows ?? []).filter(({ variant_id }) => !chosen.has(variant_id));
  const more = (table.data?.matching_count ?? 0) - (table.data?.rows.length ?? 0);
  const choose = (ids: string[]) =>
    set({
      arms: evenly(ids).map((arm) => ({
        ...draft.arms.find(({ variant_id }) => variant_id === arm.variant_id),
        ...arm,
      })),
      control: ids.includes(draft.control ?? "") ? draft.control : (ids[0] ?? null),
    });
  const field = useRef<HTMLInputElement>(null);
  // The button that was pressed goes away: whoever uses the keyboard goes on from the search.
  const add = (id: string) => {
    choose([...chosen, id]);
    setSearch("");
    field.current?.focus();
  };
  const takeOut = (out: string) => {
    choose([...chosen].filter((id) => id !== out));
    field.current?.focus();
  };
  return (
    <fieldset className="field" style={{ gap: "0.8rem" }}>
      <legend>Variants</legend>
      {draft.arms.length > 0 && (
        <p className="hint">Control is what the others are compared with: usually what is shown today.</p>
      )}
      {draft.arms.length > 0 && (
        <ul className="arms">
          {draft.arms.map(({ variant_id, percent }) => (
            <li key={variant_id}>
              <span className="break">{variant_id}</span>
              <label className="check">
                <input
                  type="radio"
                  name="control"
                  checked={draft.control === variant_id}
                  onChange={() => set({ control: variant_id })}
                />
                control
              </label>
              <span className="percent">
                <input
                  className="input"
                  inputMode="decimal"
                  aria-label={`Share of ${variant_id} in percent`}
                  value={percent}
                  onChange={(event) =>
                    set({
                      arms: draft.arms.map((arm) =>
                        arm.variant_id === variant_id ? { ...arm, percent: event.target.value } : arm,
                      ),
                    })
                  }
                />
              </span>
              <button
                type="button"
                className="button plain tight"
                aria-label={`Take out ${variant_id}`}
                onClick={() => takeOut(variant_id)}
              >
                <Icon name="close" size={15} />
              </button>
            </li>
          ))}
        </ul>
      )}
      {draft.arms.length > 1 && (
        <div>
          <button
            type="button"
            className="button tight"
            onClick={() => choose(draft.arms.map((arm) => arm.variant_id))}
          >
            Split evenly
          </button>
        </div>
      )}
      {wrong !== undefined && <p className="wrong">{wrong}</p>}
      <input
        ref={field}
        className="input"
        type="search"
        aria-label="Find a variant to add"
        placeholder="Find a variant to add"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <ul className="choices" aria-label="Variants to add">
        {found.map(({ variant_id, performance: { success_rate, impressions } }) => (
          <li key={variant_id}>
            <button type="button" onClick={() => add(variant_id)}>
              <span>{variant_id}</span>
              <span className="small quiet number">{impressions === 0 ? "not shown yet" : rate(success_rate)}</span>
            </button>
          </li>
        ))}
      </ul>
      {more > 0 && (
        <p className="hint">The most promising are shown. {things(more, "more fits", "more fit")}: search for them.</p>
      )}
    </fieldset>
  );
}
