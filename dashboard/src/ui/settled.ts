import { useEffect, useState } from "react";

const TYPING = 150;

/** A value, once it has stopped changing for a moment. */
export function useSettled<T>(value: T, wait = TYPING): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), wait);
    return () => clearTimeout(timer);
  }, [value, wait]);
  return settled;
}
