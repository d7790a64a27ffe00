import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** The browser of this machine, if it has one. */
export const PROGRAM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

/** Whether this machine has a browser. Without one, tests in a browser are skipped, and the output says so. */
export const hasBrowser = PROGRAM !== undefined;
if (!hasBrowser)
  console.warn('NOT CHECKED, because there is no Chromium: the pages of the console in a browser.');

/** Starts a browser. A file of tests starts one, and closes it. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: PROGRAM ?? '', args: ['--no-sandbox'] });
}
