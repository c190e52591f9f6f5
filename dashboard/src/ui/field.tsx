import type { ReactNode } from "react";

/** A line of text with its label, a hint, and what is wrong with it. */
export function Field({
  id,
  label,
  value,
  onChange,
  hint,
  wrong,
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
  wrong?: string | undefined;
  /** Stands behind the figure. */
  unit?: "%";
  optional?: boolean;
  numeric?: boolean;
  placeholder?: string;
}) {
  const said = wrong ?? hint;
  const input = (
    <input
      id={id}
      className="input"
      value={value}
      placeholder={placeholder}
      inputMode={unit ? "decimal" : numeric ? "numeric" : "text"}
      aria-invalid={wrong !== undefined}
      aria-describedby={said === undefined ? undefined : `${id}-hint`}
      onChange={(event) => onChange(event.target.value)}
    />
  );
  return (
    <div className="field">
      <label htmlFor={id}>
        {label} {optional && <span className="quiet small">(optional)</span>}
      </label>
      {unit ? <div className="percent">{input}</div> : input}
      {said !== undefined && (
        <p className={wrong === undefined ? "hint" : "wrong"} id={`${id}-hint`}>
          {said}
        </p>
      )}
    </div>
  );
}
