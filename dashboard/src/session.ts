/** The API key of this browser tab: kept until the tab closes or the key is refused, never in an address. */
const STORED = "armful.key";
const listeners = new Set<() => void>();
let refused: string | null = null;

function changed(): void {
  for (const listener of listeners) listener();
}

export const session = {
  key: (): string | null => sessionStorage.getItem(STORED),

  /** Why the last session ended, where it was not the user who ended it. */
  refused: (): string | null => refused,

  begin(key: string): void {
    refused = null;
    sessionStorage.setItem(STORED, key);
    changed();
  },

  end(why: string | null = null): void {
    if (sessionStorage.getItem(STORED) === null) return;
    refused = why;
    sessionStorage.removeItem(STORED);
    changed();
  },

  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
