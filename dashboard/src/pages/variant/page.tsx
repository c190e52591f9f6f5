import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { StandingView, StatsView, VariantHistory, VariantView } from "armful-client";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { api, names, useMay } from "../../api";
import { OverTime } from "../../charts/over-time";
import { Legend } from "../../charts/frame";
import { Posteriors } from "../../charts/posteriors";
import { ago, chance, count, interval, rate, share } from "../../format";
import { Failure, Loading } from "../../ui/states";
import { Tags } from "../../ui/tags";
import { Term } from "../../ui/tip";
import { VariantForm } from "../variants/variant-form";
import { Changes, Personas } from "./parts";
import { before } from "./past";
import "../../styles/charts.css";
import "./variant.css";

const AGAIN_AFTER = 5000;
const HISTORY_DAYS = 30;
const STEPS = [1, 7, 30];

export default function Variant() {
  const { id = "" } = useParams();
  const mayWrite = useMay("write");
  const [editing, setEditing] = useState(false);
  const queries = useQueryClient();
  const variant = useQuery({
    queryKey: names.variant(id),
    queryFn: ({ signal }) => api.variant(id, signal),
    refetchInterval: AGAIN_AFTER,
  });
  const stats = useQuery({
    queryKey: [...names.variant(id), "stats"],
    queryFn: ({ signal }) => api.stats(id, 0.95, signal),
    refetchInterval: AGAIN_AFTER,
  });
  const history = useQuery({
    queryKey: names.history(id, HISTORY_DAYS),
    queryFn: ({ signal }) => api.history(id, HISTORY_DAYS, signal),
    refetchInterval: AGAIN_AFTER,
  });
  const standings = useQuery({
    queryKey: names.standing(id),
    queryFn: ({ signal }) => api.standings([id], signal),
    refetchInterval: AGAIN_AFTER,
  });
  const status = useMutation({
    mutationFn: (to: VariantView["status"]) =>
      to === "archived" ? api.archiveVariant(id) : api.changeVariant(id, { status: to }),
    onSuccess: () =>
      Promise.all(
        [names.variant(id), names.variants, names.standings].map((queryKey) => queries.invalidateQueries({ queryKey })),
      ),
  });
  const shown = variant.data;
  if (shown === undefined) {
    return (
      <div className="page">
        <Crumb />
        {variant.error && !variant.isFetching ? (
          <>
            <h1 className="break">{id}</h1>
            <Failure error={variant.error} retry={() => void variant.refetch()} />
          </>
        ) : (
          <Loading height={420} />
        )}
      </div>
    );
  }
  const archived = shown.status === "archived";
  const standing = standings.data?.standings[0];
  return (
    <div className="page">
      <title>{`${id} · armful`}</title>
      <Crumb />
      <div className="page-head">
        <div>
          <h1 className="break">{id}</h1>
          <p className="row" style={{ gap: "0.35rem" }}>
            {archived && <span className="state hollow">archived</span>}
            <Tags dimensions={shown.dimensions} />
          </p>
        </div>
        <div className="actions">
          <Link className="button" to={`/live?variant=${encodeURIComponent(id)}`}>
            Watch live
          </Link>
          {mayWrite && (
            <>
              <button type="button" className="button" onClick={() => setEditing(true)}>
                Edit
              </button>
              <button
                type="button"
                className="button"
                aria-disabled={status.isPending}
                onClick={() => {
                  if (!status.isPending) status.mutate(archived ? "active" : "archived");
                }}
              >
                {archived ? "Bring back" : "Archive"}
              </button>
            </>
          )}
        </div>
      </div>
      {status.error && <Failure error={status.error} />}
      {editing && <VariantForm variant={shown} onClose={() => setEditing(false)} />}
      {stats.data && <Facts variant={shown} stats={stats.data} standing={standing} />}
      <div className="columns">
        {stats.data && history.data && <Known variant={shown} stats={stats.data} history={history.data} />}
        {history.data && <Days history={history.data} />}
      </div>
      {history.error && !history.isFetching && <Failure error={history.error} retry={() => void history.refetch()} />}
      <div className="columns">
        {history.data && <Personas history={history.data} days={HISTORY_DAYS} />}
        <div className="stack">
          <section className="card stack" aria-labelledby="content">
            <h2 id="content">Content</h2>
            {shown.content === null ? (
              <p className="quiet small">None: your program knows what this id stands for.</p>
            ) : (
              <p className="content break">{shown.content}</p>
            )}
          </section>
          {history.data && <Changes variant={shown} history={history.data} />}
        </div>
      </div>
    </div>
  );
}

function Crumb() {
  return (
    <p className="crumb">
      <Link to="/variants">Variants</Link>
    </p>
  );
}

function Facts({
  variant,
  stats,
  standing,
}: {
  variant: VariantView;
  stats: StatsView;
  standing: StandingView | undefined;
}) {
  const { impressions, successes, success_rate } = stats.performance;
  const { lower_bound, upper_bound } = stats.confidence_intervals;
  return (
    <dl className="facts card">
      <div className="fact">
        <dt>
          <Term exact="Successes per impression; the range is Wilson's score interval at 95 %">Success rate</Term>
        </dt>
        <dd>
          {impressions === 0 ? "–" : rate(success_rate, lower_bound, upper_bound)}
          <small>{impressions === 0 ? "not shown yet" : interval(lower_bound, upper_bound)}</small>
        </dd>
      </div>
      <div className="fact">
        <dt>Shown</dt>
        <dd>
          {count(impressions)}
          <small>{count(successes)} successes</small>
        </dd>
      </div>
      <div className="fact">
        <dt>
          <Term exact="Posterior probability of the highest rate among all active variants">Chance to be best</Term>
        </dt>
        <dd>
          {standing ? chance(standing.chance_to_be_best) : "–"}
          <small>{standing ? "of all active variants" : "archived: not in the running"}</small>
        </dd>
      </div>
      <div className="fact">
        <dt>Recent share</dt>
        <dd>
          {standing && standing.recent_share !== null ? share(standing.recent_share) : "–"}
          <small>last used {variant.last_used === null ? "never" : ago(variant.last_used)}</small>
        </dd>
      </div>
    </dl>
  );
}

function Known({ variant, stats, history }: { variant: VariantView; stats: StatsView; history: VariantHistory }) {
  const [days, setDays] = useState(7);
  const { alpha, beta } = stats.thompson_sampling_stats;
  const past = before({ alpha, beta }, { alpha: variant.prior_alpha, beta: variant.prior_beta }, history, days);
  const ago = days === 1 ? "Before today" : `${days} days ago`;
  return (
    <section className="card stack" aria-labelledby="known">
      <div className="spread">
        <h2 id="known">What is known</h2>
        <div className="segmented" role="group" aria-label="Compare with">
          {STEPS.map((step) => (
            <button key={step} type="button" aria-pressed={step === days} onClick={() => setDays(step)}>
              {step === 1 ? "1 day" : `${step} days`}
            </button>
          ))}
        </div>
      </div>
      <p className="small quiet">
        Where the true rate lies: the higher the{" "}
        <Term
          exact={`Posterior Beta(${count(alpha)}, ${count(beta)}), mean ${(stats.thompson_sampling_stats.expected_value * 100).toFixed(2)} %`}
        >
          curve
        </Term>
        , the likelier. It gets narrower with every result.
      </p>
      <Legend
        entries={[
          { label: "Now", series: 1 },
          { label: ago, series: 7, dashed: true },
        ]}
      />
      <Posteriors
        curves={[
          { id: "past", label: ago, ...past, series: 7, past: true },
          { id: "now", label: "Now", alpha, beta, series: 1 },
        ]}
      />
    </section>
  );
}

function Days({ history }: { history: VariantHistory }) {
  return (
    <section className="card stack" aria-labelledby="days">
      <h2 id="days">Rate by day</h2>
      {history.days.length === 0 ? (
        <p className="quiet small">Nothing was reported in the last {HISTORY_DAYS} days.</p>
      ) : (
        <>
          <p className="small quiet">
            The band is the <Term exact="Wilson score interval at 95 % of each UTC day's rate">range</Term> of each day:
            where bands overlap, days may well be alike.
          </p>
          <OverTime
            label="Success rate"
            series={[
              {
                label: "Success rate",
                series: 1,
                points: history.days.map(({ day, success_rate, lower_bound, upper_bound }) => ({
                  day,
                  value: success_rate,
                  band: [lower_bound, upper_bound],
                })),
              },
            ]}
            format={(value) => rate(value)}
            limits={[0, 1]}
          />
        </>
      )}
    </section>
  );
}
