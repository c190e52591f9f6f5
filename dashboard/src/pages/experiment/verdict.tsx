import type { ExperimentView, ResultsView } from "armful-client";
import { pValue, share } from "../../format";
import { Notice } from "../../ui/states";
import { Term } from "../../ui/tip";

const TITLES: Record<string, { title: string; kind: "good" | "info" | "warn" | "bad" }> = {
  insufficient_data: { title: "Too little data yet", kind: "info" },
  continue: { title: "Go on", kind: "info" },
  complete: { title: "No clear difference", kind: "info" },
  ship: { title: "Ship it", kind: "good" },
  stop_harm: { title: "Stop: it does harm", kind: "warn" },
  investigate: { title: "Look into the traffic first", kind: "bad" },
};

/** What to do next, in armful's own sentence; a split that does not hold is said before anything else. */
export function Verdict({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const { recommendation_type, message } = results.recommendations;
  const known = TITLES[recommendation_type] ?? { title: "Next", kind: "info" as const };
  return (
    <>
      {results.sample_ratio.alarm && <SampleRatio experiment={experiment} results={results} />}
      {!(results.sample_ratio.alarm && recommendation_type === "investigate") && (
        <section aria-label="Recommendation">
          <Notice kind={known.kind} title={known.title}>
            {message}
          </Notice>
        </section>
      )}
    </>
  );
}

function SampleRatio({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const { participants, p_value } = results.sample_ratio;
  const all = Object.values(participants).reduce((sum, n) => sum + n, 0);
  const got = experiment.variants
    .map(({ variant_id, traffic_allocation }) => {
      const part = all === 0 ? 0 : (participants[variant_id] ?? 0) / all;
      return `${variant_id} got ${share(part)} of the participants where ${share(traffic_allocation)} were planned`;
    })
    .join("; ");
  return (
    <section aria-label="Sample-ratio check">
      <Notice kind="bad" title="The traffic does not follow the planned split: trust nothing below" live>
        {got} (
        <Term exact="Sample-ratio mismatch: χ² test of the participants against the planned shares, alarm under 0.001">
          {pValue(p_value)}
        </Term>
        ). Usual causes: a variant that fails to load or to report, a redirect that loses people, bots, or a change of
        the split while it ran.
      </Notice>
    </section>
  );
}
