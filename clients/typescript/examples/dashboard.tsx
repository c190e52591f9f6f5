import { Armful, type VariantView } from "armful-client";
import { useEffect, useState } from "react";

/** A minimal dashboard: one card for each variant with at least 100 impressions. */
export function Dashboard({ apiKey }: { apiKey: string }) {
  const [variants, setVariants] = useState<VariantView[]>([]);

  useEffect(() => {
    const api = new Armful({ apiKey });
    void api.variants({ min_impressions: 100, tone: "casual" }).then((page) => setVariants(page.variants));
  }, [apiKey]);

  return (
    <ul>
      {variants.map(({ variant_id, performance, dimensions }) => (
        <li key={variant_id}>
          <h3>{variant_id}</h3>
          <p>Success rate: {(performance.success_rate * 100).toFixed(1)} %</p>
          <p>Impressions: {performance.impressions}</p>
          <p>Successes: {performance.successes}</p>
          {Object.entries(dimensions).map(([name, value]) => (
            <span key={name}>
              {name}: {value}
            </span>
          ))}
        </li>
      ))}
    </ul>
  );
}

/** Start an experiment that splits traffic evenly between two variants for a week. */
export function startOneWeekExperiment(api: Armful, control: string, challenger: string) {
  return api.startExperiment({
    experiment_name: `${control} against ${challenger}`,
    variant_ids: [control, challenger],
    traffic_allocation: [0.5, 0.5],
    target_persona: "tech_enthusiast",
    success_metrics: ["engagement_rate"],
    duration_days: 7,
  });
}
