import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds on a page, each as the rule and the first element. */
async function accessibilityFindings(page: Page): Promise<string[]> {
  // The browser's debugger runs it, so the policy of the page need not allow it.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    interface Finding {
      id: string;
      nodes: { html: string; failureSummary?: string }[];
    }
    const { axe } = globalThis as unknown as {
      axe: { run(options: object): Promise<{ violations: Finding[] }> };
    };
    const { violations } = await axe.run({ resultTypes: ['violations'] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html} ${nodes[0]?.failureSummary}`);
  });
}

/** The colours and the width, in pixels, with which somebody looks at a page. */
export interface Look {
  colorScheme: 'light' | 'dark';
  width: number;
}
export const WIDE: Look = { colorScheme: 'light', width: 1280 };
export const PHONE: Look = { colorScheme: 'dark', width: 375 };
export const ALL_LOOKS: readonly Look[] = [
  WIDE,
  PHONE,
  { ...WIDE, colorScheme: 'dark' },
  { ...PHONE, colorScheme: 'light' },
];

/** The widest element and its right edge in pixels, if the page is wider than the window. */
function widerThanPage(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const edges = [...document.body.querySelectorAll('*')].map(
      (each) => [each.getBoundingClientRect().right, each] as const,
    );
    const [right, widest] = edges.reduce((a, b) => (b[0] > a[0] ? b : a));
    return [`${scrollWidth} > ${clientWidth}: ${right} ${widest.outerHTML.slice(0, 200)}`];
  });
}

/**
 * Expects that axe-core finds nothing on a page as it is, and that nothing is wider than the page. By default it looks at
 * all colours and widths, but not at each pair: `npm run console:checks` does that.
 */
export async function expectAccessible(page: Page, looks: readonly Look[] = [WIDE, PHONE]): Promise<void> {
  for (const { colorScheme, width } of looks) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.setViewportSize({ width, height: 800 });
    await page.locator(`html[data-mantine-color-scheme=${colorScheme}]`).waitFor();
    // The charts follow the width of the page a moment later.
    await expect.poll(() => widerThanPage(page), { message: page.url() }).toEqual([]);
    expect([colorScheme, width, await accessibilityFindings(page)]).toEqual([colorScheme, width, []]);
  }
}
