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
