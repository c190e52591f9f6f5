import type { VariantHistory, VariantView } from "armful-client";
import { actorName, formatDateTime } from "../../format";

const MAX_TEXT_LENGTH = 120;

function shortText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > MAX_TEXT_LENGTH ? `${text.slice(0, MAX_TEXT_LENGTH)}…` : text;
}

type FieldChange = [field: string, before: unknown, after: unknown];

/** The changed fields; a change of the dimensions is listed dimension by dimension. */
function fieldChanges(changed: VariantHistory["changes"][number]["changed"]): FieldChange[] {
  return Object.entries(changed).flatMap(([field, [before, after]]): FieldChange[] => {
    if (field !== "dimensions") return [[field.replace("_", " "), before, after]];
    const oldValues = (before ?? {}) as Record<string, string>;
    const newValues = (after ?? {}) as Record<string, string>;
    return [...new Set([...Object.keys(oldValues), ...Object.keys(newValues)])]
      .filter((name) => oldValues[name] !== newValues[name])
      .map((name) => [name, oldValues[name] ?? null, newValues[name] ?? null]);
  });
}

/** The latest changes of the variant, newest first: when, what, and with which key. */
export function ChangeHistory({ variant, history }: { variant: VariantView; history: VariantHistory }) {
  return (
    <section className="card stack" aria-labelledby="changes">
      <h2 id="changes">Recent changes</h2>
      <ol className="change-history small">
        {history.changes.map(({ at, changed, actor }, i) => (
          <li key={i}>
            <TimeAndActor at={at} actor={actor} />
            <ul>
              {fieldChanges(changed).map(([field, before, after]) => (
                <li key={field} className="break-anywhere">
                  <strong>{field}</strong>{" "}
                  {before !== null && (
                    <>
                      <span className="visually-hidden">was </span>
                      <del>{shortText(before)}</del>{" "}
                    </>
                  )}
                  {after === null ? (
                    "removed"
                  ) : (
                    <>
                      <span className="visually-hidden">now </span>
                      <ins>{shortText(after)}</ins>
                    </>
                  )}
                </li>
              ))}
            </ul>
          </li>
        ))}
        <li>
          <TimeAndActor at={variant.created_at} actor={history.created_by} />
          <strong>created</strong>
        </li>
      </ol>
    </section>
  );
}

function TimeAndActor({ at, actor }: { at: string; actor: string | null }) {
  return (
    <p className="muted">
      <time dateTime={at}>{formatDateTime(at)}</time>
      {actor !== null && <span className="change-author break-anywhere">by {actorName(actor)}</span>}
    </p>
  );
}
