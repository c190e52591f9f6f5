import { useEffect, useRef, useState } from "react";
import type { Curve } from "../../charts/posteriors";

const LASTS = 350;

/** The same curves, gliding to where they are instead of jumping; at once for those who want no motion. */
export function useGliding(curves: Curve[]): Curve[] {
  const [shown, setShown] = useState(curves);
  const latest = useRef(curves);
  const key = JSON.stringify(curves);
  useEffect(() => {
    const to = JSON.parse(key) as Curve[];
    const from = new Map(latest.current.map((curve) => [curve.id, curve]));
    const began = performance.now();
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let frame = 0;
    const step = (now: number) => {
      const part = still ? 1 : Math.min(1, (now - began) / LASTS);
      const eased = 1 - (1 - part) ** 3;
      const between = to.map((curve) => {
        const old = from.get(curve.id) ?? curve;
        return {
          ...curve,
          alpha: old.alpha + (curve.alpha - old.alpha) * eased,
          beta: old.beta + (curve.beta - old.beta) * eased,
        };
      });
      latest.current = between;
      setShown(between);
      if (part < 1) frame = requestAnimationFrame(step);
    };
    frame = requestAnimationFrame(step);
    return () => cancelAnimationFrame(frame);
  }, [key]);
  return shown;
}
