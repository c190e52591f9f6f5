import { useState } from "react";

export type Theme = "system" | "light" | "dark";

const STORAGE_KEY = "armful.theme";
const NEXT_THEME: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

function storedTheme(): Theme {
  const value = localStorage.getItem(STORAGE_KEY);
  return value === "light" || value === "dark" ? value : "system";
}

/** The chosen theme, and a function that switches to the next one. `theme.js` applies the stored theme before the first paint. */
export function useTheme(): [Theme, () => void] {
  const [theme, setTheme] = useState(storedTheme);
  const switchTheme = () => {
    const chosen = NEXT_THEME[theme];
    if (chosen === "system") {
      localStorage.removeItem(STORAGE_KEY);
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem(STORAGE_KEY, chosen);
      document.documentElement.dataset.theme = chosen;
    }
    setTheme(chosen);
  };
  return [theme, switchTheme];
}
