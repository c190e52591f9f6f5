import { BetaCurveDemo } from "./beta-curve-demo";
import { PolicyComparison } from "./policy-comparison";
import { ThompsonDrawDemo } from "./thompson-draw-demo";
import "../../styles/charts.css";
import "./how-it-works.css";

/** An interactive explanation of Thompson sampling. */
export default function HowItWorksPage() {
  return (
    <div className="page how-it-works">
      <title>How it works · armful</title>
      <div className="page-head">
        <div>
          <h1>How armful chooses variants</h1>
          <p className="intro">
            You have several variants and do not know which works best. If you always show the best one so far, you may
            miss a better one. If you show all of them equally often, you waste traffic on the weak ones. Thompson
            sampling avoids both problems. Try it here.
          </p>
        </div>
      </div>
      <BetaCurveDemo />
      <ThompsonDrawDemo />
      <PolicyComparison />
      <section className="card stack" aria-labelledby="mistakes">
        <h2 id="mistakes">Two costly mistakes</h2>
        <div className="columns">
          <div>
            <h3>Counting only successes</h3>
            <p className="muted">
              If only α grows, the variant shown most often looks best. In a simulation this cost 247 successes;
              counting failures as well cost only 90. Report every impression, not only the successes.
            </p>
          </div>
          <div>
            <h3>Caching a draw</h3>
            <p className="muted">
              If you reuse a draw for five minutes, everyone sees the same variant, right or wrong. After 300 rounds
              this cost 212 successes; a new draw every time cost 94. Cache the curves, never the draws. armful draws
              anew for every selection.
            </p>
          </div>
        </div>
      </section>
    </div>
  );
}
