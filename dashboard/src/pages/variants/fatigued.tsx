import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api, queryKeys } from "../../api";
import { formatRate, formatShare, pluralize } from "../../format";

const REFETCH_INTERVAL_MS = 60_000;
const SHOWN = 10;

/** The variants whose rate has declined, if there are any. */
export function FatiguedVariants() {
  const { data } = useQuery({
    queryKey: queryKeys.fatigued,
    queryFn: ({ signal }) => api.fatigue({ status: "fatigued", limit: SHOWN }, signal),
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  if (!data || data.fatigued_count === 0) return null;
  return (
    <section className="card stack" aria-labelledby="fatigued">
      <h2 id="fatigued">{pluralize(data.fatigued_count, "fatigued variant")}</h2>
      <p className="small muted">
        The rate of the last {data.recent_days} days is more than 15&#8239;% lower than before, compared with all
        variants, and that is not chance. Consider a fresh variant in their place.
      </p>
      <ul>
        {data.variants.map(({ variant_id, decline, earlier, recent }) => (
          <li key={variant_id} className="number">
            <Link className="break-anywhere" to={`/variants/${encodeURIComponent(variant_id)}`}>
              {variant_id}
            </Link>
            : {formatRate(earlier.success_rate, earlier.lower_bound, earlier.upper_bound)} before,{" "}
            {formatRate(recent.success_rate, recent.lower_bound, recent.upper_bound)} now
            {decline !== null && (
              <span className="muted"> ({formatShare(decline)} lower, compared with all variants)</span>
            )}
          </li>
        ))}
      </ul>
      {data.total_count > data.variants.length && (
        <p className="small muted">and {data.total_count - data.variants.length} more</p>
      )}
    </section>
  );
}
