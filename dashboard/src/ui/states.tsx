import { ArmfulError } from "armful-client";
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon";

/** Stands where something is being fetched. */
export function Loading({ height = 160 }: { height?: number }) {
  return (
    <div role="status">
      <span className="hidden-text">Loading…</span>
      <div className="skeleton" style={{ height }} aria-hidden="true" />
    </div>
  );
}

/** A word that stands out, with what follows from it. */
export function Notice({
  kind = "info",
  title,
  children,
  live = false,
}: {
  kind?: "info" | "good" | "warn" | "bad";
  title: ReactNode;
  children?: ReactNode;
  live?: boolean;
}) {
  const icons: Record<string, IconName> = { info: "info", good: "check", warn: "warn", bad: "warn" };
  return (
    <div className={`notice ${kind}`} role={live ? "alert" : undefined}>
      <Icon name={icons[kind] ?? "info"} />
      <div>
        <strong>{title}</strong>
        {children !== undefined && <p>{children}</p>}
      </div>
    </div>
  );
}

const NOT_FOUND = 404;

/** What went wrong, and what to do about it. */
export function Failure({ error, retry }: { error: Error; retry?: () => void }) {
  const status = error instanceof ArmfulError ? error.status : -1;
  const title =
    status === 403
      ? "This key may not see that"
      : status === NOT_FOUND
        ? "Not found"
        : status === 0 || status === 503
          ? "armful can't be reached"
          : "That did not work";
  return (
    <div className="stack">
      <Notice kind="bad" title={title} live>
        {status === 403
          ? "Ask whoever runs armful for a key with the scope “read”."
          : `${error.message}.`.replace("..", ".")}
      </Notice>
      {retry && status !== NOT_FOUND && (
        <div>
          <button type="button" className="button" onClick={retry}>
            Try again
          </button>
        </div>
      )}
    </div>
  );
}
