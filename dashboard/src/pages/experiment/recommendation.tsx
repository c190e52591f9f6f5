import type { ExperimentView, ResultsView } from "armful-client";
import { formatPValue, formatShare } from "../../format";
import { Notice } from "../../ui/notices";
import { Term } from "../../ui/tooltip";

type NoticeKind = "info" | "success" | "warning" | "error";

const NOTICES: Record<string, { title: string; kind: NoticeKind }> = {
  insufficient_data: { title: "Not enough data yet", kind: "info" },
  continue: { title: "Keep running", kind: "info" },
  complete: { title: "No clear difference", kind: "info" },
  ship: { title: "Ready to ship", kind: "success" },
  stop_harm: { title: "Control is winning", kind: "warning" },
  investigate: { title: "Check the traffic first", kind: "error" },
};

/** The service's recommendation for the experiment, below an alarm if the traffic does not follow the planned split. */
export function Recommendation({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const { recommendation_type, message } = results.recommendations;
  const isGuardrailHarmed = Object.values(results.guardrails).some(({ status }) => status === "harmed");
  const isVariantHarmful = results.recommendations.variant_id !== experiment.control_variant_id;
  const { title, kind } =
    recommendation_type === "stop_harm" && (isGuardrailHarmed || isVariantHarmful)
      ? {
          title: isGuardrailHarmed ? "A guardrail metric got worse" : "A variant is worse than control",
          kind: "warning" as const,
        }
      : (NOTICES[recommendation_type] ?? { title: "Next step", kind: "info" as const });
  return (
    <>
      {results.sample_ratio.alarm && <SampleRatioAlarm experiment={experiment} results={results} />}
      {!(results.sample_ratio.alarm && recommendation_type === "investigate") && (
        <section aria-label="Recommendation">
          <Notice kind={kind} title={title}>
            {message}
          </Notice>
        </section>
      )}
    </>
  );
}

function SampleRatioAlarm({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const { participants, p_value } = results.sample_ratio;
  const total = Object.values(participants).reduce((sum, n) => sum + n, 0);
  const shares = experiment.variants
    .map(({ variant_id, traffic_allocation }) => {
      const share = total === 0 ? 0 : (participants[variant_id] ?? 0) / total;
      return `${variant_id} got ${formatShare(share)} of the participants (planned: ${formatShare(traffic_allocation)})`;
    })
    .join("; ");
  return (
    <section aria-label="Sample ratio check">
      <Notice kind="error" title="The traffic does not follow the planned split: do not rely on the results below" live>
        {shares}.{" "}
        <Term definition="Sample ratio mismatch (SRM): χ² test of the participant counts against the planned shares; alarm below p = 0.001">
          SRM test
        </Term>
        : {formatPValue(p_value)}. Common causes: a variant that fails to load or to report, a redirect that loses
        visitors, bots, or a change of the split during the experiment.
      </Notice>
    </section>
  );
}
