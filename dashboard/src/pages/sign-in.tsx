import { useMutation } from "@tanstack/react-query";
import { ArmfulError } from "armful-client";
import { useState } from "react";
import { clientForKey } from "../api";
import { session } from "../session";
import { Logo } from "../ui/icon";
import { Notice } from "../ui/notices";

const FORBIDDEN = 403;
const UNAUTHORIZED = 401;

function errorMessage(error: Error): string {
  const status = error instanceof ArmfulError ? error.status : -1;
  if (status === UNAUTHORIZED) return "armful does not recognise this key. Check that you pasted all of it.";
  if (status === FORBIDDEN) return "This key has no read permission. Ask for a key with the “read” scope.";
  if (status === 0) return "armful cannot be reached. Is it running?";
  return error.message;
}

export function SignInPage() {
  const [key, setKey] = useState("");
  const attempt = useMutation({
    mutationFn: (text: string) => clientForKey(text).currentKey(),
    onSuccess: (_, text) => session.start(text),
  });
  const message = attempt.error ? errorMessage(attempt.error) : session.endReason();
  return (
    <div className="sign-in">
      <main>
        <p className="brand">
          <Logo size={34} />
          armful
        </p>
        <div className="stack" style={{ gap: "0.3rem" }}>
          <h1>Sign in</h1>
          <p className="muted">See which variants win, how certain that is, and what to do next.</p>
        </div>
        {message && <Notice kind="error" title={message} live />}
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
              <code>armful serve</code> prints a key on its first start; <code>armful keys create</code> creates more.
              The key is forgotten when you close this tab.
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
