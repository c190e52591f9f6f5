import type { ExperimentView, ResultsView } from "armful-client";
import { Notice } from "../../ui/notices";
import { SampleRatioAlarm } from "./sample-ratio";

type NoticeKind = "info" | "success" | "warning" | "error";

const NOTICES: Record<string, { title: string; kind: NoticeKind }> = {
  insufficient_data: { title: "Not enough data yet", kind: "info" },
  continue: { title: "Keep running", kind: "info" },
  complete: { title: "No clear difference", kind: "info" },
  ship: { title: "Ready to ship", kind: "success" },
  stop_harm: { title: "Control is winning", kind: "warning" },
  investigate: { title: "Check the traffic first", kind: "error" },
};

/** The service's recommendation for the experiment, below an alarm if the traffic did not split as planned. */
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
