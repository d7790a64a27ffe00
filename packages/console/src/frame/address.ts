import { useCallback } from 'react';
import { useLocation, useSearch } from 'wouter';

export type Parameters = Readonly<Record<string, string | undefined>>;

/**
 * The parameters of the address, and a function that changes some of them. Undefined and empty values leave the address.
 * `replace` changes the present entry of the browser's history instead of adding one.
 */
export function useParameters(): [
  URLSearchParams,
  (changes: Parameters, options?: { replace?: boolean }) => void,
] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const change = useCallback(
    (changes: Parameters, options: { replace?: boolean } = {}) => {
      const next = new URLSearchParams(search);
      for (const [name, value] of Object.entries(changes)) {
        if (value) next.set(name, value);
        else next.delete(name);
      }
      const text = next.toString();
      navigate(text ? `${path}?${text}` : path, options);
    },
    [search, path, navigate],
  );
  return [new URLSearchParams(search), change];
}

/** The address of the sign-in page, from which one comes back to `here`: a path below the console, with its parameters. */
export function signInAddress(here: string): string {
  return here === '/' ? '/sign-in' : `/sign-in?back=${encodeURIComponent(here)}`;
}

/** As `signInAddress`, where the identity provider must ask a person whom it knows, too. */
export function freshSignInAddress(here: string): string {
  return `/sign-in?back=${encodeURIComponent(here)}&fresh=yes`;
}

/** Whether the address of the sign-in page is one of `freshSignInAddress`. */
export function mustBeFresh(search: string): boolean {
  return new URLSearchParams(search).has('fresh');
}

/** The address to go back to. Only paths of the console count. */
export function backAddress(search: string): string {
  return consolePath(new URLSearchParams(search).get('back'));
}

/** A path of the console, or its start for any other text. */
export function consolePath(path: string | null): string {
  return path !== null && /^\/(?![/\\])/.test(path) && !path.startsWith('/sign-in') ? path : '/';
}
