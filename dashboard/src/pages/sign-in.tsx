import { useMutation } from "@tanstack/react-query";
import { ArmfulError } from "armful-client";
import { useState } from "react";
import { trying } from "../api";
import { session } from "../session";
import { Mark } from "../ui/icon";
import { Notice } from "../ui/states";

const FORBIDDEN = 403;
const UNAUTHORIZED = 401;

function reason(error: Error): string {
  const status = error instanceof ArmfulError ? error.status : -1;
  if (status === UNAUTHORIZED) return "armful does not know this key. Check that all of it was pasted.";
  if (status === FORBIDDEN) return "This key may not read. Ask for one with the scope “read”.";
  if (status === 0) return "armful can't be reached. Is it running?";
  return error.message;
}

export function SignIn() {
  const [key, setKey] = useState("");
  const attempt = useMutation({
    mutationFn: (text: string) => trying(text).currentKey(),
    onSuccess: (_, text) => session.begin(text),
  });
  const refused = attempt.error ? reason(attempt.error) : session.refused();
  return (
    <div className="sign-in">
      <main>
        <p className="brand">
          <Mark size={34} />
          armful
        </p>
        <div className="stack" style={{ gap: "0.3rem" }}>
          <h1>Sign in</h1>
          <p className="quiet">Which variants win, how sure that is, and what to do next.</p>
        </div>
        {refused && <Notice kind="bad" title={refused} live />}
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (key.trim() && !attempt.isPending) attempt.mutate(key.trim());
          }}
        >
          <div className="field">
            <label htmlFor="key">API key</label>
            <input
              id="key"
              className="input"
              type="password"
              autoComplete="off"
              spellCheck={false}
              required
              value={key}
              aria-describedby="key-hint"
              onChange={(event) => setKey(event.target.value)}
            />
            <p id="key-hint" className="hint">
              <code>armful serve</code> prints one on its first start; <code>armful keys create</code> makes more. It is
              forgotten when this tab closes.
            </p>
          </div>
          <button type="submit" className="button primary" aria-disabled={attempt.isPending}>
            {attempt.isPending ? "Signing in…" : "Sign in"}
          </button>
        </form>
      </main>
    </div>
  );
}
