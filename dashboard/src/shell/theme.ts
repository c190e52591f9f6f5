import { useState } from "react";

export type Theme = "system" | "light" | "dark";

const STORED = "armful.theme";
const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

function stored(): Theme {
  const value = localStorage.getItem(STORED);
  return value === "light" || value === "dark" ? value : "system";
}

/** The chosen theme and what goes on to the next one; `theme.js` applies it before the first paint. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState(stored);
  const next = () => {
    const chosen = NEXT[theme];
    if (chosen === "system") {
      localStorage.removeItem(STORED);
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem(STORED, chosen);
      document.documentElement.dataset.theme = chosen;
    }
    setTheme(chosen);
  };
  return [theme, next];
}
