import { useEffect, useRef, useState } from "react";
import type { PosteriorCurve } from "../../charts/posterior-chart";

const DURATION_MS = 350;

/** The given curves, animated from their previous parameters to the new ones unless the user prefers reduced motion. */
export function useAnimatedCurves(curves: PosteriorCurve[]): PosteriorCurve[] {
  const [shown, setShown] = useState(curves);
  const displayed = useRef(curves);
  const key = JSON.stringify(curves);
  useEffect(() => {
    const to = JSON.parse(key) as PosteriorCurve[];
    const from = new Map(displayed.current.map((curve) => [curve.id, curve]));
    const startTime = performance.now();
    const prefersReducedMotion = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let frame = 0;
    const step = (now: number) => {
      // A frame's time may be before the start, because the browser sets it when the frame begins.
      const progress = prefersReducedMotion ? 1 : Math.max(0, Math.min(1, (now - startTime) / DURATION_MS));
      const eased = 1 - (1 - progress) ** 3;
      const interpolated = to.map((curve) => {
        const old = from.get(curve.id) ?? curve;
        return {
          ...curve,
          alpha: old.alpha + (curve.alpha - old.alpha) * eased,
          beta: old.beta + (curve.beta - old.beta) * eased,
        };
      });
      displayed.current = interpolated;
      setShown(interpolated);
      if (progress < 1) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [key]);
  return shown;
}
