import { Curves } from "./curves";
import { Drawing } from "./drawing";
import { Playing } from "./playing";
import "../../styles/charts.css";
import "./how.css";

export default function HowItWorks() {
  return (
    <div className="page how">
      <title>How it works · armful</title>
      <div className="page-head">
        <div>
          <h1>How armful chooses</h1>
          <p className="lede">
            You have several things you could show, and don't know which works best. Showing only what did best so far
            may miss a better one; showing all of them alike wastes most of the chances. Thompson sampling does neither.
            Try it.
          </p>
        </div>
      </div>
      <Curves />
      <Drawing />
      <Playing />
      <section className="card stack" aria-labelledby="mistakes">
        <h2 id="mistakes">Two mistakes that cost</h2>
        <div className="columns">
          <div>
            <h3>Counting only successes</h3>
            <p className="quiet">
              If only α grows, whatever was shown most looks best. In simulation that cost 247 successes where counting
              failures as well cost 90. So report every impression, not only those that worked.
            </p>
          </div>
          <div>
            <h3>Keeping a choice for a while</h3>
            <p className="quiet">
              A draw kept for five minutes shows everyone the same thing, right or wrong: after 300 rounds it cost 212
              successes where drawing anew cost 94. Keep the curves, never the draws; armful draws for every selection.
            </p>
          </div>
        </div>
      </section>
    </div>
  );
}
