import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { Navigate, Route, Routes } from "react-router";
import { SignInPage } from "./pages/sign-in";
import { session } from "./session";
import { ErrorBoundary } from "./shell/error-boundary";
import { AppShell } from "./shell/app-shell";
import { LoadingPlaceholder } from "./ui/notices";

const VariantsPage = lazy(() => import("./pages/variants/page"));
const VariantPage = lazy(() => import("./pages/variant/page"));
const ExperimentsPage = lazy(() => import("./pages/experiments/page"));
const NewExperimentPage = lazy(() => import("./pages/new-experiment/page"));
const ExperimentPage = lazy(() => import("./pages/experiment/page"));
const LivePage = lazy(() => import("./pages/live/page"));
const HowItWorksPage = lazy(() => import("./pages/how-it-works/page"));

export function App() {
  const key = useSyncExternalStore(session.subscribe, session.key);
  const queries = useQueryClient();
  useEffect(() => {
    if (key === null) queries.clear(); // the next key must not see data loaded with this one
  }, [key, queries]);
  if (key === null) return <SignInPage />;
  return (
    <AppShell>
      <ErrorBoundary>
        <Suspense fallback={<LoadingPlaceholder />}>
          <Routes>
            <Route index element={<Navigate to="/variants" replace />} />
            <Route path="/variants" element={<VariantsPage />} />
            <Route path="/variants/:id" element={<VariantPage />} />
            <Route path="/experiments" element={<ExperimentsPage />} />
            <Route path="/experiments/new" element={<NewExperimentPage />} />
            <Route path="/experiments/:id" element={<ExperimentPage />} />
            <Route path="/live" element={<LivePage />} />
            <Route path="/how-it-works" element={<HowItWorksPage />} />
            <Route path="*" element={<PageNotFound />} />
          </Routes>
        </Suspense>
      </ErrorBoundary>
    </AppShell>
  );
}

function PageNotFound() {
  return (
    <div className="empty">
      <h1>Page not found</h1>
      <p>The dashboard has no page at this address. Choose one from the menu.</p>
    </div>
  );
}
