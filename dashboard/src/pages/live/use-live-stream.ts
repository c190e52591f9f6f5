import { ArmfulError, type LivePosterior, type LiveTick } from "armful-client";
import { useEffect, useState } from "react";
import { api } from "../../api";
import { connection } from "../../connection";

/** One point per second: the last minute. */
export const POINTS_KEPT = 60;
const MIN_RECONNECT_DELAY_MS = 500;
const MAX_RECONNECT_DELAY_MS = 2000;

export interface LiveState {
  connected: boolean;
  variants: ReadonlyMap<string, LivePosterior>;
  /** Rates per second of the last minute, oldest first. */
  selections: number[];
  updates: number[];
  error: Error | null;
}

const INITIAL_STATE: LiveState = { connected: false, variants: new Map(), selections: [], updates: [], error: null };

function applyTick(state: LiveState, tick: LiveTick): LiveState {
  const variants = new Map(state.variants);
  for (const variant of tick.variants) variants.set(variant.variant_id, variant);
  return {
    connected: true,
    variants,
    selections: [...state.selections, tick.selections_per_second].slice(-POINTS_KEPT),
    updates: [...state.updates, tick.updates_per_second].slice(-POINTS_KEPT),
    error: null,
  };
}

/** The live state of the given variants. Reconnects whenever the stream ends, unless the service rejects the request. */
export function useLiveStream(ids: string[]): LiveState {
  const [state, setState] = useState(INITIAL_STATE);
  const key = JSON.stringify(ids);
  useEffect(() => {
    const variantIds = JSON.parse(key) as string[];
    const abort = new AbortController();
    const run = async () => {
      let delay = MIN_RECONNECT_DELAY_MS;
      const isAborted = () => abort.signal.aborted;
      while (!isAborted()) {
        try {
          for await (const tick of api.live(variantIds, abort.signal)) {
            delay = MIN_RECONNECT_DELAY_MS;
            connection.setReachable(true);
            setState((old) => applyTick(old, tick));
          }
        } catch (error) {
          if (isAborted()) return;
          const isRejected =
            error instanceof ArmfulError && error.status >= 400 && error.status < 500 && error.status !== 429;
          setState((old) => ({ ...old, connected: false, error: isRejected ? error : null }));
          if (isRejected) return;
          connection.setReachable(false);
        }
        await new Promise((resolve) => setTimeout(resolve, delay));
        delay = Math.min(2 * delay, MAX_RECONNECT_DELAY_MS);
      }
    };
    void run();
    return () => abort.abort();
  }, [key]);
  return state;
}
