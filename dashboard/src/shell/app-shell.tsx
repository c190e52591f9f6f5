import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from "react";
import { Link, NavLink, useLocation } from "react-router";
import { api, queryKeys } from "../api";
import { connection } from "../connection";
import { session } from "../session";
import { Icon, type IconName, Logo } from "../ui/icon";
import { useTheme } from "./theme";

const PAGES: { to: string; icon: IconName; label: string }[] = [
  { to: "/variants", icon: "variants", label: "Variants" },
  { to: "/experiments", icon: "experiments", label: "Experiments" },
  { to: "/live", icon: "live", label: "Live" },
  { to: "/how-it-works", icon: "help", label: "How it works" },
];

const THEMES = {
  system: { icon: "monitor", label: "Theme: system" },
  light: { icon: "sun", label: "Theme: light" },
  dark: { icon: "moon", label: "Theme: dark" },
} as const;

/** The sidebar with the menu, and the current page beside it. */
export function AppShell({ children }: { children: ReactNode }) {
  const [theme, switchTheme] = useTheme();
  const { data: key } = useQuery({ queryKey: queryKeys.key, queryFn: ({ signal }) => api.currentKey(signal) });
  return (
    <div className="app-shell">
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <header className="sidebar">
        <Link className="brand" to="/variants">
          <Logo />
          armful
        </Link>
        <nav className="nav" aria-label="Pages">
          {PAGES.map(({ to, icon, label }) => (
            <NavLink key={to} to={to}>
              <Icon name={icon} />
              {label}
            </NavLink>
          ))}
        </nav>
        <div className="sidebar-footer">
          {key && (
            <p className="key-info">
              {key.name === "settings" ? "Configured key" : `Key: ${key.name}`}
              <br />
              {key.scopes.join(", ")}
            </p>
          )}
          <button type="button" className="button ghost compact" onClick={switchTheme}>
            <Icon name={THEMES[theme].icon} />
            <span>{THEMES[theme].label}</span>
          </button>
          <button type="button" className="button ghost compact" onClick={() => session.end()}>
            <Icon name="sign-out" />
            <span>Sign out</span>
          </button>
        </div>
      </header>
      <MainContent>{children}</MainContent>
    </div>
  );
}

/** The page, with a banner while armful cannot be reached. */
function MainContent({ children }: { children: ReactNode }) {
  const reachable = useSyncExternalStore(connection.subscribe, connection.reachable);
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const isFirstPage = useRef(true);
  useEffect(() => {
    // After navigation, move the scroll position and the focus to the top of the new page.
    if (!isFirstPage.current) {
      main.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    isFirstPage.current = false;
  }, [pathname]);
  return (
    <main id="main" className="main" tabIndex={-1} ref={main} style={{ outline: "none" }}>
      {!reachable && (
        <p className="banner" role="alert">
          <Icon name="warning" />
          armful cannot be reached. The data shown may be out of date. Retrying…
        </p>
      )}
      {children}
    </main>
  );
}
