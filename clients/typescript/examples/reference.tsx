// The component from the API's reference documents. Only the import differs.
import { ABTestingAPI, type Variant } from "armful-client";
import { useEffect, useState } from "react";

export function ABTestingDashboard() {
  const [variants, setVariants] = useState<Variant[]>([]);
  const api = new ABTestingAPI("/api", process.env.REACT_APP_API_KEY);

  useEffect(() => {
    void api.getVariants({ min_impressions: 100 }).then(setVariants);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- load once, as in the reference
  }, []);

  return (
    <div className="ab-testing-dashboard">
      <h2>A/B Testing Dashboard</h2>

      <div className="variants-grid">
        {variants.map((variant) => (
          <div key={variant.variant_id} className="variant-card">
            <h3>{variant.variant_id}</h3>
            <div className="performance">
              <div>Success Rate: {(variant.performance.success_rate * 100).toFixed(1)}%</div>
              <div>Impressions: {variant.performance.impressions}</div>
              <div>Successes: {variant.performance.successes}</div>
            </div>
            <div className="dimensions">
              {Object.entries(variant.dimensions).map(([key, value]) => (
                <span key={key} className="dimension-tag">
                  {key}: {value}
                </span>
              ))}
            </div>
          </div>
        ))}
      </div>
    </div>
  );
}
