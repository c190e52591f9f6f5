import { QueryClient, useQuery } from "@tanstack/react-query";
import { Armful, ArmfulError, type TableQuery } from "armful-client";
import { connection } from "./connection";
import { rootPath } from "./root-path";
import { session } from "./session";

const MIN_RETRY_DELAY_MS = 500;
const MAX_RETRY_DELAY_MS = 3000;

/** Send a request; record whether armful answered, and sign out when it rejects the key. */
async function fetchAndTrackConnection(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    connection.setReachable(response.status !== 503);
    if (response.status === 401) session.end("This key is no longer valid. Sign in with another one.");
    return response;
  } catch (error) {
    if (!request.signal.aborted) connection.setReachable(false);
    throw error;
  }
}

export const api = new Armful({ baseUrl: rootPath, apiKey: session.key, fetch: fetchAndTrackConnection });

/** A client that uses the given key instead of the session's, to check the key at sign-in. */
export const clientForKey = (key: string): Armful => new Armful({ baseUrl: rootPath, apiKey: key });

/** Whether the same request may succeed later: armful was unreachable, overloaded or rate-limiting. */
function isTransient(error: Error): boolean {
  return error instanceof ArmfulError && [0, 429, 503].includes(error.status);
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // Retry even when the browser reports that it is offline: armful may run on this machine. Old data stays visible.
        networkMode: "always",
        retry: (_, error) => isTransient(error),
        retryDelay: (attempt) => Math.min(MIN_RETRY_DELAY_MS * 2 ** attempt, MAX_RETRY_DELAY_MS),
        staleTime: 2000,
      },
      mutations: { networkMode: "always" },
    },
  });
}

/** The cache key of each query; a mutation invalidates the keys whose data it changes. */
export const queryKeys = {
  key: ["key"] as const,
  variants: ["variants"] as const,
  standings: ["standings"] as const,
  standing: (id: string) => ["standings", id] as const,
  table: (query: TableQuery) => ["standings", "table", query] as const,
  variant: (id: string) => ["variant", id] as const,
  history: (id: string, days: number) => ["variant", id, "history", days] as const,
  /** Not below the variant's key: an archived variant has no fatigue, so a change of it must not ask for that again. */
  fatigue: (id: string) => ["fatigue", id] as const,
  fatigued: ["fatigue"] as const,
  pools: ["pools"] as const,
  pool: (name: string) => ["pools", name] as const,
  poolReport: (name: string) => ["pools", name, "report"] as const,
  holdout: ["holdout"] as const,
  experiments: ["experiments"] as const,
  experiment: (id: string) => ["experiments", id] as const,
  audit: (id: string) => ["experiments", id, "audit"] as const,
  results: (id: string, segment: string | null) => ["experiments", id, "results", segment] as const,
};

/** Whether the current API key has this scope; false until the key has been loaded. */
export function useHasScope(scope: "read" | "select" | "write" | "admin"): boolean {
  const { data } = useQuery({
    queryKey: queryKeys.key,
    queryFn: ({ signal }) => api.currentKey(signal),
    staleTime: 60_000,
  });
  return data !== undefined && (data.scopes.includes(scope) || data.scopes.includes("admin"));
}
