import { useEffect } from 'react';
import type { AroundNavHandler } from 'wouter';
import { texts } from '../texts.ts';

/** Whether the page that is open would lose changes. */
let wouldLose: (() => boolean) | undefined;

const pathOf = (address: string) => address.split('?', 1)[0];

/** Asks before another page is opened in place of one that would lose changes. The address may change within a page. */
export const askBeforeLeaving: AroundNavHandler = (navigate, to, options) => {
  const here = window.location.pathname.replace(/^\/console/, '');
  if (pathOf(to) !== here && wouldLose?.() && !window.confirm(texts.leaving)) return;
  navigate(to, options);
};

/** While the component is there, a person who opens another page is asked first if `isInDanger`. */
export function useLeaveWarning(isInDanger: () => boolean): void {
  useEffect(() => {
    wouldLose = isInDanger;
    return () => {
      wouldLose = undefined;
    };
  }, [isInDanger]);
}
