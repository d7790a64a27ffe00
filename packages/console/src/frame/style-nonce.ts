import { setNonce } from 'get-nonce';

/**
 * The nonce that the server gave this page. The policy of the page applies a `<style>` element only if it has this
 * nonce. Empty if the server gave none.
 */
export function styleNonce(): string {
  // Browsers hide the attribute from scripts. The property still has the value.
  return document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';
}

/** Gives the nonce to the library that keeps the page from scrolling behind a dialog. */
export function allowScrollStyles(): void {
  setNonce(styleNonce());
}
