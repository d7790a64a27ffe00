import { useEffect } from 'react';
import type { AroundNavHandler } from 'wouter';
import { texts } from '../texts.ts';

/** Whether the page that is open has changes that are not stored. */
let hasUnstored: (() => boolean) | undefined;

const pathOf = (address: string) => address.split('?', 1)[0];

/** Asks before another page is opened in place of one with changes that are not stored. The address may change within a page. */
export const askBeforeLeaving: AroundNavHandler = (navigate, to, options) => {
  const here = window.location.pathname.replace(/^\/console/, '');
  if (pathOf(to) !== here && hasUnstored?.() && !window.confirm(texts.leaving)) return;
  navigate(to, options);
};

/** While the page is there, warns a person who leaves it, or closes the browser, with changes that are not stored. */
export function useLeaveWarning(isUnstored: () => boolean): void {
  useEffect(() => {
    hasUnstored = isUnstored;
    const warn = (event: BeforeUnloadEvent) => {
      if (isUnstored()) event.preventDefault();
    };
    window.addEventListener('beforeunload', warn);
    return () => {
      window.removeEventListener('beforeunload', warn);
      hasUnstored = undefined;
    };
  }, [isUnstored]);
}
