import { useQuery } from "@tanstack/react-query";
import type { CountsView, FatigueView } from "armful-client";
import { api, queryKeys } from "../../api";
import { formatChance, formatCount, formatInterval, formatPValue, formatRate, formatShare } from "../../format";
import { Scrollable } from "../../ui/scrollable";
import { Term } from "../../ui/tooltip";

const REFETCH_INTERVAL_MS = 30_000;

/** Whether the variant's rate has declined, with the rates of both windows. */
export function Fatigue({ variantId }: { variantId: string }) {
  const { data } = useQuery({
    queryKey: queryKeys.fatigue(variantId),
    queryFn: ({ signal }) => api.variantFatigue(variantId, signal),
    refetchInterval: REFETCH_INTERVAL_MS,
  });
  if (!data) return null;
  return (
    <section className="card stack" aria-labelledby="fatigue">
      <h2 id="fatigue">
        <Term definition="Whether people have tired of the variant: its rate now and before, each compared with the rate of all variants at that time, so that a season is no fatigue">
          Fatigue
        </Term>
      </h2>
      <p>{sentence(data)}</p>
      <Scrollable labelledBy="fatigue">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Success rate</th>
              <th scope="col">All variants</th>
              <th scope="col" className="numeric">
                Impressions
              </th>
            </tr>
          </thead>
          <tbody>
            <WindowRow name={`last ${data.recent_days} days`} own={data.recent} all={data.all_variants.recent} />
            <WindowRow
              name={`${data.recent_days} to ${data.earlier_days} days ago`}
              own={data.earlier}
              all={data.all_variants.earlier}
            />
          </tbody>
        </table>
      </Scrollable>
    </section>
  );
}

function WindowRow({ name, own, all }: { name: string; own: CountsView; all: CountsView }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      <td className="number">
        {own.impressions === 0 ? (
          <span className="muted">not shown</span>
        ) : (
          <>
            <strong>{formatRate(own.success_rate, own.lower_bound, own.upper_bound)}</strong>{" "}
            <small className="inline">{formatInterval(own.lower_bound, own.upper_bound)}</small>
          </>
        )}
      </td>
      <td className="number">
        {all.impressions === 0 ? "–" : formatRate(all.success_rate, all.lower_bound, all.upper_bound)}
      </td>
      <td className="numeric">{formatCount(own.impressions)}</td>
    </tr>
  );
}

/** The result of the test in a sentence. */
export function sentence({ status, decline, p_value, power }: FatigueView): string {
  if (status === "fatigued" && decline !== null) {
    return `Fatigued: compared with all variants, its rate is ${formatShare(decline)} lower than before (${formatPValue(p_value)}).`;
  }
  if (status === "insufficient_data") {
    return `Not known: there are too few outcomes to detect a decline of 15\u202f% (power ${formatChance(power)}).`;
  }
  if (decline !== null && decline > 0) {
    return `Fresh: compared with all variants, its rate is ${formatShare(decline)} lower than before, which is less than 15\u202f% or may be chance.`;
  }
  return "Fresh: compared with all variants, its rate has not declined.";
}
