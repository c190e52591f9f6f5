import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { LivePosterior, RowView, TableQuery } from "armful-client";
import { useRef, useState } from "react";
import { Link, useSearchParams } from "react-router";
import { api, names } from "../../api";
import { type Curve, Posteriors } from "../../charts/posteriors";
import { count, rate } from "../../format";
import { deviation, mean } from "../../stats/beta";
import { useSettled } from "../../ui/settled";
import { Failure, Loading, Notice } from "../../ui/states";
import { Term } from "../../ui/tip";
import { type Live, useLive } from "./stream";
import { useGliding } from "./tween";
import { Scroll } from "../../ui/scroll";
import "../../styles/charts.css";
import "./live.css";

const MOST = 8;
const AT_FIRST = 4;
const CHOICES = 20;
const BEST: TableQuery = { sort: "chance", limit: CHOICES };
/** The width of an interval that says nothing yet. */
const UNKNOWN = 0.9;

export default function LivePage() {
  const [params, setParams] = useSearchParams();
  const table = useQuery({ queryKey: names.table(BEST), queryFn: ({ signal }) => api.table(BEST, signal) });
  const all = table.data?.rows;
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
        table.error && !table.isFetching ? (
          <>
            <h1>Live</h1>
            <Failure error={table.error} retry={() => void table.refetch()} />
          </>
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
        <Watch chosen={chosen} choose={choose} />
      )}
    </div>
  );
}

function best(rows: RowView[]): string[] {
  const known = ({ standing }: RowView) =>
    Number(standing !== null && standing.upper_bound - standing.lower_bound < UNKNOWN);
  return rows
    .toSorted((a, b) => known(b) - known(a)) // stable: by chance among equals
    .slice(0, AT_FIRST)
    .map(({ variant_id }) => variant_id);
}

function Watch({ chosen, choose }: { chosen: string[]; choose: (ids: string[]) => void }) {
  const now = useLive(chosen);
  const section = useRef<HTMLElement>(null);
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
  const remove = (out: string) => {
    choose(chosen.filter((id) => id !== out));
    section.current?.focus(); // the button that was pressed is gone
  };
  const missing = now.connected ? chosen.filter((id) => !now.variants.has(id)) : [];
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
      <section className="card stack" aria-labelledby="watched" tabIndex={-1} ref={section}>
        <div className="spread">
          <h2 id="watched">Watched</h2>
          {chosen.length < MOST && <Another chosen={chosen} choose={choose} />}
        </div>
        {missing.length > 0 && (
          <Notice title={`armful knows no ${missing.map((id) => `“${id}”`).join(", ")}`}>
            It shows up here when it is created.
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
                  onRemove={chosen.length > 1 ? () => remove(known.variant_id) : null}
                />
              ))}
            </tbody>
          </table>
        </Scroll>
      </section>
    </>
  );
}

/** Finds another variant to watch, among however many there are. */
function Another({ chosen, choose }: { chosen: string[]; choose: (ids: string[]) => void }) {
  const [typed, setTyped] = useState("");
  const wanted: TableQuery = { search: useSettled(typed).trim(), sort: "chance", limit: CHOICES };
  const table = useQuery({
    queryKey: names.table(wanted),
    queryFn: ({ signal }) => api.table(wanted, signal),
    placeholderData: keepPreviousData,
  });
  const found = (table.data?.rows ?? []).map(({ variant_id }) => variant_id).filter((id) => !chosen.includes(id));
  const watch = (id: string) => {
    choose([...chosen, id]);
    setTyped("");
  };
  return (
    <form
      className="another"
      onSubmit={(event) => {
        event.preventDefault();
        const text = typed.trim();
        const [first] = found;
        if (found.includes(text)) watch(text);
        else if (first !== undefined && text !== "" && !table.isPlaceholderData) watch(first);
      }}
    >
      <input
        className="input"
        type="search"
        list="to-watch"
        aria-label="Watch another variant"
        placeholder="Watch another …"
        value={typed}
        onChange={(event) => {
          const { value } = event.target;
          // Chosen from the list, not typed: what is typed may go on.
          const how = event.nativeEvent instanceof InputEvent ? event.nativeEvent.inputType : "insertReplacementText";
          if (how === "insertReplacementText" && found.includes(value)) watch(value);
          else setTyped(value);
        }}
      />
      <datalist id="to-watch">
        {found.map((id) => (
          <option key={id} value={id} />
        ))}
      </datalist>
    </form>
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
