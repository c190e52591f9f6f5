import type { ReactNode } from "react";

/** A text input with its label and either a hint or an error message. */
export function TextField({
  id,
  label,
  value,
  onChange,
  hint,
  error,
  unit,
  optional = false,
  numeric = false,
  placeholder,
}: {
  id: string;
  label: ReactNode;
  value: string;
  onChange: (value: string) => void;
  hint?: ReactNode;
  error?: string | undefined;
  /** Shown behind the value. */
  unit?: "%";
  optional?: boolean;
  numeric?: boolean;
  placeholder?: string;
}) {
  const message = error ?? hint;
  const input = (
    <input
      id={id}
      className="input"
      value={value}
      placeholder={placeholder}
      inputMode={unit ? "decimal" : numeric ? "numeric" : "text"}
      aria-invalid={error !== undefined}
      aria-describedby={message === undefined ? undefined : `${id}-hint`}
      onChange={(event) => onChange(event.target.value)}
    />
  );
  return (
    <div className="field">
      <label htmlFor={id}>
        {label} {optional && <span className="muted small">(optional)</span>}
      </label>
      {unit ? <div className="percent-input">{input}</div> : input}
      {message !== undefined && (
        <p className={error === undefined ? "hint" : "field-error"} id={`${id}-hint`}>
          {message}
        </p>
      )}
    </div>
  );
}
