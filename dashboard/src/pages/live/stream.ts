import { ArmfulError, type LivePosterior, type LiveTick } from "armful-client";
import { useEffect, useState } from "react";
import { api } from "../../api";
import { connection } from "../../connection";

const KEPT = 60;
const WAIT = 500;
const LONGEST_WAIT = 2000;

export interface Live {
  connected: boolean;
  variants: ReadonlyMap<string, LivePosterior>;
  /** Rates of the last minute, oldest first. */
  selections: number[];
  updates: number[];
  error: Error | null;
}

const NOTHING: Live = { connected: false, variants: new Map(), selections: [], updates: [], error: null };

function take(state: Live, tick: LiveTick): Live {
  const variants = new Map(state.variants);
  for (const variant of tick.variants) variants.set(variant.variant_id, variant);
  return {
    connected: true,
    variants,
    selections: [...state.selections, tick.selections_per_second].slice(-KEPT),
    updates: [...state.updates, tick.updates_per_second].slice(-KEPT),
    error: null,
  };
}

/** What the chosen variants do, as it happens; connects again by itself whenever the stream ends. */
export function useLive(ids: string[]): Live {
  const [state, setState] = useState(NOTHING);
  const key = JSON.stringify(ids);
  useEffect(() => {
    const chosen = JSON.parse(key) as string[];
    const stop = new AbortController();
    const run = async () => {
      let wait = WAIT;
      const stopped = () => stop.signal.aborted;
      while (!stopped()) {
        try {
          for await (const tick of api.live(chosen, stop.signal)) {
            wait = WAIT;
            connection.set(true);
            setState((old) => take(old, tick));
          }
        } catch (error) {
          if (stopped()) return;
          const refused =
            error instanceof ArmfulError && error.status >= 400 && error.status < 500 && error.status !== 429;
          setState((old) => ({ ...old, connected: false, error: refused ? error : null }));
          if (refused) return;
          connection.set(false);
        }
        await new Promise((resolve) => setTimeout(resolve, wait));
        wait = Math.min(2 * wait, LONGEST_WAIT);
      }
    };
    void run();
    return () => stop.abort();
  }, [key]);
  return state;
}
