import { Armful, type VariantView } from "armful-client";
import { useEffect, useState } from "react";

/** The best variants as cards, as small as a dashboard can be. */
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

/** Starts an even split between two variants for a week. */
export function startWeek(api: Armful, control: string, challenger: string) {
  return api.startExperiment({
    experiment_name: `${control} against ${challenger}`,
    variant_ids: [control, challenger],
    traffic_allocation: [0.5, 0.5],
    target_persona: "tech_enthusiast",
    success_metrics: ["engagement_rate"],
    duration_days: 7,
  });
}
