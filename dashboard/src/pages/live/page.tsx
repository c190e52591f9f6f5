import { useQuery } from "@tanstack/react-query";
import type { LivePosterior, StandingView } from "armful-client";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { api, names } from "../../api";
import { type Curve, Posteriors } from "../../charts/posteriors";
import { count, rate } from "../../format";
import { deviation, mean } from "../../stats/beta";
import { Failure, Loading, Notice } from "../../ui/states";
import { Term } from "../../ui/tip";
import { type Live, useLive } from "./stream";
import { useGliding } from "./tween";
import { Scroll } from "../../ui/scroll";
import "../../styles/charts.css";
import "./live.css";

const MOST = 8;
const AT_FIRST = 4;
/** The width of an interval that says nothing yet. */
const UNKNOWN = 0.9;

export default function LivePage() {
  const [params, setParams] = useSearchParams();
  const standings = useQuery({ queryKey: names.standings, queryFn: ({ signal }) => api.standings(signal) });
  const all = standings.data?.standings;
  const asked = params.getAll("variant");
  const chosen = asked.length > 0 ? asked.slice(0, MOST) : best(all ?? []);
  const choose = (ids: string[]) =>
    setParams(
      ids.map((id): [string, string] => ["variant", id]),
      { replace: true },
    );
  return (
    <div className="page">
      <title>Live · armful</title>
      {all === undefined ? (
        standings.error && !standings.isFetching ? (
          <Failure error={standings.error} retry={() => void standings.refetch()} />
        ) : (
          <Loading height={420} />
        )
      ) : chosen.length === 0 ? (
        <div className="empty card">
          <h1>Nothing to watch yet</h1>
          <p>
            Create <Link to="/variants">variants</Link> first: their curves move here as results come in.
          </p>
        </div>
      ) : (
        <Watch chosen={chosen} all={all} choose={choose} />
      )}
    </div>
  );
}

function best(standings: StandingView[]): string[] {
  const known = ({ lower_bound, upper_bound }: StandingView) => Number(upper_bound - lower_bound < UNKNOWN);
  return [...standings]
    .sort((a, b) => known(b) - known(a) || b.chance_to_be_best - a.chance_to_be_best)
    .slice(0, AT_FIRST)
    .map(({ variant_id }) => variant_id);
}

function Watch({ chosen, all, choose }: { chosen: string[]; all: StandingView[]; choose: (ids: string[]) => void }) {
  const now = useLive(chosen);
  const [frozen, setFrozen] = useState<Live | null>(null);
  const live = frozen ?? now;
  const watched = chosen.flatMap((id, i) => {
    const known = live.variants.get(id);
    return known ? [{ known, series: (i % MOST) + 1 }] : [];
  });
  const curves = useGliding(
    watched.map(({ known, series }): Curve => ({
      id: known.variant_id,
      label: known.variant_id,
      alpha: known.alpha,
      beta: known.beta,
      series,
    })),
  );
  const rest = all.filter(({ variant_id }) => !chosen.includes(variant_id));
  return (
    <>
      <div className="page-head">
        <div>
          <h1>Live</h1>
          <p className="lede">What is known of each variant, as results come in.</p>
        </div>
        <div className="row">
          <span className={`state ${frozen ? "paused" : now.connected ? "active" : "hollow"}`} role="status">
            {frozen ? "frozen" : now.connected ? "live" : "connecting…"}
          </span>
          <button
            type="button"
            className="button"
            aria-pressed={frozen !== null}
            onClick={() => setFrozen(frozen ? null : now)}
          >
            {frozen ? "Go on" : "Freeze"}
          </button>
        </div>
      </div>
      {now.error && <Failure error={now.error} />}
      <div className="live">
        <section className="card stack" aria-labelledby="curves">
          <h2 id="curves">Where the true rates lie</h2>
          {curves.length === 0 ? <Loading height={360} /> : <Posteriors curves={curves} height={360} />}
        </section>
        <div className="stack paces">
          <Pace
            label="Selections a second"
            exact="Selections answered by this armful process, over the last two seconds"
            rates={live.selections}
          />
          <Pace
            label="Updates a second"
            exact="Performance updates committed by this armful process, over the last two seconds"
            rates={live.updates}
          />
        </div>
      </div>
      <section className="card stack" aria-labelledby="watched">
        <div className="spread">
          <h2 id="watched">Watched</h2>
          {chosen.length < MOST && rest.length > 0 && (
            <select
              className="select tight"
              aria-label="Watch another variant"
              value=""
              onChange={(event) => choose([...chosen, event.target.value])}
            >
              <option value="">Watch another …</option>
              {rest.map(({ variant_id }) => (
                <option key={variant_id}>{variant_id}</option>
              ))}
            </select>
          )}
        </div>
        {chosen.some((id) => !all.some(({ variant_id }) => variant_id === id)) && (
          <Notice title="Some of these are archived or do not exist">
            They are watched all the same, if armful knows them.
          </Notice>
        )}
        <Scroll labelledBy="watched">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Variant</th>
                <th scope="col" className="num">
                  <Term exact="Posterior mean α / (α + β)">Expected rate</Term>
                </th>
                <th scope="col" className="num">
                  Shown
                </th>
                <th scope="col" className="num">
                  Successes
                </th>
                <th scope="col">
                  <span className="hidden-text">Stop watching</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {watched.map(({ known, series }) => (
                <Entry
                  key={known.variant_id}
                  known={known}
                  series={series}
                  onRemove={chosen.length > 1 ? () => choose(chosen.filter((id) => id !== known.variant_id)) : null}
                />
              ))}
            </tbody>
          </table>
        </Scroll>
      </section>
    </>
  );
}

function Entry({ known, series, onRemove }: { known: LivePosterior; series: number; onRemove: (() => void) | null }) {
  const centre = mean(known.alpha, known.beta);
  const reach = 2 * deviation(known.alpha, known.beta);
  return (
    <tr className={`s${series}`}>
      <td>
        <span className="row" style={{ flexWrap: "nowrap" }}>
          <i className="swatch" aria-hidden="true" />
          <Link className="break" to={`/variants/${encodeURIComponent(known.variant_id)}`}>
            {known.variant_id}
          </Link>
        </span>
      </td>
      <td className="num">{rate(centre, centre - reach, centre + reach)}</td>
      <td className="num" data-count={known.impressions}>
        {count(known.impressions)}
      </td>
      <td className="num">{count(known.successes)}</td>
      <td className="num">
        {onRemove && (
          <button
            type="button"
            className="button plain tight"
            aria-label={`Remove ${known.variant_id}`}
            onClick={onRemove}
          >
            Remove
          </button>
        )}
      </td>
    </tr>
  );
}

const WIDTH = 240;
const HEIGHT = 44;

function Pace({ label, exact, rates }: { label: string; exact: string; rates: number[] }) {
  const last = rates[rates.length - 1] ?? 0;
  const top = Math.max(1, ...rates);
  const points = rates.map(
    (value, i) => `${WIDTH - (rates.length - 1 - i) * (WIDTH / 59)},${HEIGHT - 2 - (value / top) * (HEIGHT - 6)}`,
  );
  return (
    <div className="card pace">
      <p className="small quiet">
        <Term exact={exact}>{label}</Term>
      </p>
      <p className="big">{last >= 10 ? count(last) : last.toFixed(1).replace(/\.0$/, "")}</p>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
        <polyline points={points.join(" ")} />
      </svg>
    </div>
  );
}
