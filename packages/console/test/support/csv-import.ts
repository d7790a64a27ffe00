import type { Page } from 'playwright-core';

/** Chooses a file with these lines. */
export async function upload(page: Page, lines: string[], name = 'file.csv'): Promise<void> {
  await page
    .locator('input[type=file]')
    .setInputFiles({ name, mimeType: 'text/csv', buffer: Buffer.from(lines.join('\n')) });
}

/** What a report counts: new, changed, as they are, refused. */
export async function counts(page: Page, kind: 'preview' | 'stored'): Promise<(string | null)[]> {
  const report = page.locator(`[data-report=${kind}]`);
  await report.waitFor();
  return report.locator('[data-count]').evaluateAll((cells) => cells.map(({ textContent }) => textContent));
}
