import { useEffect, useState } from 'react';

const TOKEN = /^#token=([\w-]+)$/;

let held: string | undefined;

/**
 * The token of the one-time link that led here. Removes it from the address and from the browser's history. It may be
 * called again, because React may draw a component twice before it appears.
 */
export function linkToken(): string | undefined {
  const { hash, pathname, search } = window.location;
  if (hash.startsWith('#token=')) {
    held = TOKEN.exec(hash)?.[1];
    window.history.replaceState(window.history.state, '', `${pathname}${search}`);
  }
  return held;
}

/** Forgets the token, because it was redeemed or does not work. */
export function forgetLinkToken(): void {
  held = undefined;
}

/** The token of the link that led to this page, or of a later link in the same tab, and what replaces it. */
export function useLinkToken() {
  const [token, setToken] = useState(linkToken);
  useEffect(() => {
    // A second link in the same tab changes only the part of the address after `#`.
    const onHashChange = () => setToken(linkToken());
    window.addEventListener('hashchange', onHashChange);
    return () => window.removeEventListener('hashchange', onHashChange);
  }, []);
  return [token, setToken] as const;
}
