import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useSyncExternalStore } from "react";
import { Link, NavLink, useLocation } from "react-router";
import { api, names } from "../api";
import { connection } from "../connection";
import { session } from "../session";
import { Icon, type IconName, Mark } from "../ui/icon";
import { useTheme } from "./theme";

const PAGES: { to: string; icon: IconName; label: string }[] = [
  { to: "/variants", icon: "variants", label: "Variants" },
  { to: "/experiments", icon: "experiments", label: "Experiments" },
  { to: "/live", icon: "live", label: "Live" },
  { to: "/how-it-works", icon: "how", label: "How it works" },
];

const THEMES = {
  system: { icon: "system", label: "Theme: as the system" },
  light: { icon: "sun", label: "Theme: light" },
  dark: { icon: "moon", label: "Theme: dark" },
} as const;

/** The frame around every page. */
export function Shell({ children }: { children: ReactNode }) {
  const [theme, nextTheme] = useTheme();
  const { data: key } = useQuery({ queryKey: names.key, queryFn: ({ signal }) => api.currentKey(signal) });
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <header className="side">
        <Link className="brand" to="/variants">
          <Mark />
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
        <div className="foot">
          {key && (
            <p className="whose">
              {key.name === "settings" ? "armful's own key" : `Key: ${key.name}`}
              <br />
              {key.scopes.join(", ")}
            </p>
          )}
          <button type="button" className="button plain tight" onClick={nextTheme}>
            <Icon name={THEMES[theme].icon} />
            <span>{THEMES[theme].label}</span>
          </button>
          <button type="button" className="button plain tight" onClick={() => session.end()}>
            <Icon name="out" />
            <span>Sign out</span>
          </button>
        </div>
      </header>
      <Content>{children}</Content>
    </div>
  );
}

function Content({ children }: { children: ReactNode }) {
  const reachable = useSyncExternalStore(connection.subscribe, connection.reachable);
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  useEffect(() => {
    // A new page begins at its top, for the eye and for the keyboard.
    if (!first.current) {
      main.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
    first.current = false;
  }, [pathname]);
  return (
    <main id="main" className="main" tabIndex={-1} ref={main} style={{ outline: "none" }}>
      {!reachable && (
        <p className="banner" role="alert">
          <Icon name="warn" />
          armful can't be reached. What you see may be old; trying again…
        </p>
      )}
      {children}
    </main>
  );
}
