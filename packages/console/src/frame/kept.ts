import { useEffect, useState } from 'react';

/** What is typed on the open page, and not stored. */
const typed = new Map<string, unknown>();
/** What was typed when the session ended, and by whom. It is in memory only, so it does not outlive the page. */
let waiting: { accountId: string; values: Map<string, unknown> } | undefined;

/** Keeps what is typed now for the person who signs in again, with what waits for that person already. */
export function keepTyped(accountId: string): void {
  const before = waiting?.accountId === accountId ? waiting.values : [];
  if (typed.size > 0) waiting = { accountId, values: new Map([...before, ...typed]) };
}

/** Forgets what waits, unless it is of this account. */
export function forgetTyped({ exceptOf }: { exceptOf?: string } = {}): void {
  if (waiting?.accountId !== exceptOf) waiting = undefined;
}

/**
 * As `useState`, for what was typed and is not stored. If the session ends before it is stored, and the same person signs in
 * again, the form with this key has it again. Never for passwords.
 */
export function useTyped<T>(key: string): [T | undefined, (value: T | undefined) => void] {
  const [value, setValue] = useState<T | undefined>(() => waiting?.values.get(key) as T | undefined);
  useEffect(() => {
    waiting?.values.delete(key);
    if (value !== undefined) typed.set(key, value);
    return () => {
      typed.delete(key);
    };
  }, [key, value]);
  return [value, setValue];
}

/** Notes what is not stored outside of a form, or that everything is stored if it is undefined. It is kept as by `useTyped`. */
export function noteTyped(key: string, value: unknown): void {
  if (value === undefined) typed.delete(key);
  else typed.set(key, value);
}

/** What `noteTyped` noted under this key before the person signed in again. It waits no more. */
export function takeTyped<T>(key: string): T | undefined {
  const value = waiting?.values.get(key) as T | undefined;
  waiting?.values.delete(key);
  return value;
}
