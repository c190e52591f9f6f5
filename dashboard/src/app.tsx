import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { Navigate, Route, Routes } from "react-router";
import { SignIn } from "./pages/sign-in";
import { session } from "./session";
import { Boundary } from "./shell/boundary";
import { Shell } from "./shell/shell";
import { Loading } from "./ui/states";

const Variants = lazy(() => import("./pages/variants/page"));
const Variant = lazy(() => import("./pages/variant/page"));
const Experiments = lazy(() => import("./pages/experiments/page"));
const NewExperiment = lazy(() => import("./pages/experiments/new"));
const Experiment = lazy(() => import("./pages/experiment/page"));
const Live = lazy(() => import("./pages/live/page"));
const HowItWorks = lazy(() => import("./pages/how/page"));

export function App() {
  const key = useSyncExternalStore(session.subscribe, session.key);
  const queries = useQueryClient();
  useEffect(() => {
    if (key === null) queries.clear(); // nothing of one key's answers is left for the next
  }, [key, queries]);
  if (key === null) return <SignIn />;
  return (
    <Shell>
      <Boundary>
        <Suspense fallback={<Loading />}>
          <Routes>
            <Route index element={<Navigate to="/variants" replace />} />
            <Route path="/variants" element={<Variants />} />
            <Route path="/variants/:id" element={<Variant />} />
            <Route path="/experiments" element={<Experiments />} />
            <Route path="/experiments/new" element={<NewExperiment />} />
            <Route path="/experiments/:id" element={<Experiment />} />
            <Route path="/live" element={<Live />} />
            <Route path="/how-it-works" element={<HowItWorks />} />
            <Route path="*" element={<NotFound />} />
          </Routes>
        </Suspense>
      </Boundary>
    </Shell>
  );
}

function NotFound() {
  return (
    <div className="empty">
      <h1>No such page</h1>
      <p>The address names no page of the dashboard. Choose one from the menu.</p>
    </div>
  );
}
