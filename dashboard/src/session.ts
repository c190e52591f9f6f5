/** The API key of this browser tab, kept until the tab closes or armful rejects the key. It never appears in a URL. */
const STORAGE_KEY = "armful.key";
const listeners = new Set<() => void>();
let endReason: string | null = null;

function notifyListeners(): void {
  for (const listener of listeners) listener();
}

export const session = {
  key: (): string | null => sessionStorage.getItem(STORAGE_KEY),

  /** Why the last session ended; null if the user signed out. */
  endReason: (): string | null => endReason,

  start(key: string): void {
    endReason = null;
    sessionStorage.setItem(STORAGE_KEY, key);
    notifyListeners();
  },

  end(reason: string | null = null): void {
    if (sessionStorage.getItem(STORAGE_KEY) === null) return;
    endReason = reason;
    sessionStorage.removeItem(STORAGE_KEY);
    notifyListeners();
  },

  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
