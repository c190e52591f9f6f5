/** Whether armful answered the last request. Every page shows a banner while it does not. */
const listeners = new Set<() => void>();
let reachable = true;

export const connection = {
  reachable: (): boolean => reachable,

  setReachable(value: boolean): void {
    if (value === reachable) return;
    reachable = value;
    for (const listener of listeners) listener();
  },

  subscribe: (listener: () => void): (() => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};
