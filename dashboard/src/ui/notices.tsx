import { ArmfulError } from "armful-client";
import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon";

/** A placeholder shown while data is loading. */
export function LoadingPlaceholder({ height = 160 }: { height?: number }) {
  return (
    <div role="status">
      <span className="visually-hidden">Loading…</span>
      <div className="skeleton" style={{ height }} aria-hidden="true" />
    </div>
  );
}

/** A highlighted message with a title. `live` makes screen readers announce it. */
export function Notice({
  kind = "info",
  title,
  children,
  live = false,
}: {
  kind?: "info" | "success" | "warning" | "error";
  title: ReactNode;
  children?: ReactNode;
  live?: boolean;
}) {
  const icons: Record<string, IconName> = { info: "info", success: "check", warning: "warning", error: "warning" };
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

/** The error of a failed request, what to do about it, and a button to retry. */
export function ErrorNotice({ error, retry }: { error: Error; retry?: () => void }) {
  const status = error instanceof ArmfulError ? error.status : -1;
  const title =
    status === 403
      ? "This key lacks permission"
      : status === NOT_FOUND
        ? "Not found"
        : status === 0 || status === 503
          ? "armful cannot be reached"
          : "The request failed";
  return (
    <div className="stack">
      <Notice kind="error" title={title} live>
        {status === 403
          ? "Ask your armful administrator for a key with the “read” scope."
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
