/** Whether armful answered the last request: its absence is shown above every page until it is back. */
const listeners = new Set<() => void>();
let reachable = true;

export const connection = {
  reachable: (): boolean => reachable,

  set(value: boolean): void {
    if (value === reachable) return;
    reachable = value;
    for (const listener of listeners) listener();
  },

  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
