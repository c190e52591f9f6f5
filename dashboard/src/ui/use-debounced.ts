import { useEffect, useState } from "react";

const TYPING_PAUSE_MS = 150;

/** The value as it was when it last stayed unchanged for `delay` milliseconds. */
export function useDebounced<T>(value: T, delay = TYPING_PAUSE_MS): T {
  const [debounced, setDebounced] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setDebounced(value), delay);
    return () => clearTimeout(timer);
  }, [value, delay]);
  return debounced;
}
