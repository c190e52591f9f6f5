import type { LivePosterior } from "armful-client";
import { Link } from "react-router";
import { formatCount, formatRate } from "../../format";
import { deviation, mean } from "../../stats/beta";
import { Scrollable } from "../../ui/scrollable";
import { Term } from "../../ui/tooltip";

export interface WatchedVariant {
  posterior: LivePosterior;
  /** The index of the series colour, from 1. */
  series: number;
}

/** The expected rate and the counts of each watched variant; the last one cannot be removed. */
export function WatchedTable({
  variants,
  canRemove,
  onRemove,
  labelledBy,
}: {
  variants: WatchedVariant[];
  canRemove: boolean;
  onRemove: (variantId: string) => void;
  labelledBy: string;
}) {
  return (
    <Scrollable labelledBy={labelledBy}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">Variant</th>
            <th scope="col" className="numeric">
              <Term definition="Posterior mean α / (α + β)">Expected rate</Term>
            </th>
            <th scope="col" className="numeric">
              Impressions
            </th>
            <th scope="col" className="numeric">
              Successes
            </th>
            <th scope="col">
              <span className="visually-hidden">Stop watching</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {variants.map(({ posterior, series }) => (
            <WatchedRow
              key={posterior.variant_id}
              posterior={posterior}
              series={series}
              onRemove={canRemove ? () => onRemove(posterior.variant_id) : null}
            />
          ))}
        </tbody>
      </table>
    </Scrollable>
  );
}

function WatchedRow({
  posterior: { variant_id, alpha, beta, impressions, successes },
  series,
  onRemove,
}: WatchedVariant & { onRemove: (() => void) | null }) {
  const centre = mean(alpha, beta);
  const margin = 2 * deviation(alpha, beta);
  return (
    <tr className={`series-${series}`}>
      <td>
        <span className="row" style={{ flexWrap: "nowrap" }}>
          <i className="swatch" aria-hidden="true" />
          <Link className="break-anywhere" to={`/variants/${encodeURIComponent(variant_id)}`}>
            {variant_id}
          </Link>
        </span>
      </td>
      <td className="numeric">{formatRate(centre, centre - margin, centre + margin)}</td>
      <td className="numeric" data-impressions={impressions}>
        {formatCount(impressions)}
      </td>
      <td className="numeric">{formatCount(successes)}</td>
      <td className="numeric">
        {onRemove && (
          <button type="button" className="button ghost compact" aria-label={`Remove ${variant_id}`} onClick={onRemove}>
            Remove
          </button>
        )}
      </td>
    </tr>
  );
}
