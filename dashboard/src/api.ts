import { QueryClient, useQuery } from "@tanstack/react-query";
import { Armful, ArmfulError, type TableQuery } from "armful-client";
import { connection } from "./connection";
import { session } from "./session";

const LEAST_WAIT = 500;
const LONGEST_WAIT = 3000;

async function watched(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    connection.set(response.status !== 503);
    if (response.status === 401) session.end("armful does not accept this key any more. Sign in with another one.");
    return response;
  } catch (error) {
    if (!request.signal.aborted) connection.set(false);
    throw error;
  }
}

export const api = new Armful({ apiKey: session.key, fetch: watched });

/** A client for a key that has not been accepted yet. */
export const trying = (key: string): Armful => new Armful({ apiKey: key });

function willPass(error: Error): boolean {
  return error instanceof ArmfulError && [0, 429, 503].includes(error.status);
}

export function queryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // What the network does to a request is no reason to show nothing: keep trying, and keep what was there.
        networkMode: "always",
        retry: (_, error) => willPass(error),
        retryDelay: (attempt) => Math.min(LEAST_WAIT * 2 ** attempt, LONGEST_WAIT),
        staleTime: 2000,
      },
      mutations: { networkMode: "always" },
    },
  });
}

/** The names under which answers are kept; a change invalidates those it touches. */
export const names = {
  key: ["key"] as const,
  variants: ["variants"] as const,
  standings: ["standings"] as const,
  standing: (id: string) => ["standings", id] as const,
  table: (query: TableQuery) => ["standings", "table", query] as const,
  variant: (id: string) => ["variant", id] as const,
  history: (id: string, days: number) => ["variant", id, "history", days] as const,
  experiments: ["experiments"] as const,
  experiment: (id: string) => ["experiments", id] as const,
  audit: (id: string) => ["experiments", id, "audit"] as const,
  results: (id: string, segment: string | null) => ["experiments", id, "results", segment] as const,
};

/** Whether the key in use may do what needs this scope; false until that is known. */
export function useMay(scope: "read" | "select" | "write" | "admin"): boolean {
  const { data } = useQuery({
    queryKey: names.key,
    queryFn: ({ signal }) => api.currentKey(signal),
    staleTime: 60_000,
  });
  return data !== undefined && (data.scopes.includes(scope) || data.scopes.includes("admin"));
}
