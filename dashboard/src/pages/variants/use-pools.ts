import { useQuery } from "@tanstack/react-query";
import type { PoolView } from "armful-client";
import { api, queryKeys } from "../../api";

const NONE: PoolView[] = [];

/** All named pools; none while they are loading. */
export function usePools(): PoolView[] {
  const { data } = useQuery({
    queryKey: queryKeys.pools,
    queryFn: ({ signal }) => api.pools(signal),
    staleTime: 15_000,
  });
  return data?.pools ?? NONE;
}
