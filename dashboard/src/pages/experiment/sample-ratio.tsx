import type { ExperimentView, ResultsView } from "armful-client";
import type { ReactNode } from "react";
import { formatPValue, formatShare } from "../../format";
import { Notice } from "../../ui/notices";
import { Term } from "../../ui/tooltip";

/** The name of the sample-ratio test, with its definition: what the participant counts are compared with. */
export function SampleRatioTerm({ experiment, children }: { experiment: ExperimentView; children: ReactNode }) {
  const definition =
    experiment.allocation === "thompson"
      ? "Sample ratio mismatch (SRM): test of the participant counts against the probabilities they were assigned with; alarm below p = 0.001"
      : "Sample ratio mismatch (SRM): χ² test of the participant counts against the planned shares; alarm below p = 0.001";
  return <Term definition={definition}>{children}</Term>;
}

/** Whether traffic split as planned, with the shares of a fixed split. */
export function SampleRatioFigure({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const total = Object.values(results.sample_ratio.participants).reduce((sum, n) => sum + n, 0);
  const shares =
    experiment.allocation === "thompson"
      ? "adaptive: shares change over time"
      : experiment.variants.map(({ traffic_allocation }) => formatShare(traffic_allocation)).join(" / ");
  return (
    <>
      {results.sample_ratio.alarm ? "no" : total === 0 ? "–" : "yes"}
      <small>{shares}</small>
    </>
  );
}

/** An alarm: the participant counts do not fit the split. */
export function SampleRatioAlarm({ experiment, results }: { experiment: ExperimentView; results: ResultsView }) {
  const { participants, p_value } = results.sample_ratio;
  const total = Object.values(participants).reduce((sum, n) => sum + n, 0);
  const shares = experiment.variants
    .map(({ variant_id, traffic_allocation }) => {
      const share = total === 0 ? 0 : (participants[variant_id] ?? 0) / total;
      const planned = experiment.allocation === "thompson" ? "" : ` (planned: ${formatShare(traffic_allocation)})`;
      return `${variant_id} got ${formatShare(share)} of the participants${planned}`;
    })
    .join("; ");
  return (
    <section aria-label="Sample ratio check">
      <Notice kind="error" title="The traffic does not follow the planned split: do not rely on the results below" live>
        {shares}. <SampleRatioTerm experiment={experiment}>SRM test</SampleRatioTerm>: {formatPValue(p_value)}. Common
        causes: a variant that fails to load or to report, a redirect that loses visitors, bots, or a change of the
        split during the experiment.
      </Notice>
    </section>
  );
}
