// Makes the pictures in docs/images: starts a demo, signs in by its link, and visits each page.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startDemo } from './demo.mjs';

const IMAGES = fileURLToPath(new URL('../../../docs/images', import.meta.url));
const PROGRAM = '/usr/bin/chromium';
const SIZE = { width: 1280, height: 900 };
const PAGES = [
  ['attendance', 'attendance?period=day', 'People who came or had planned to come'],
  ['weekdays', 'attendance?view=weekdays', 'Average attendance by week and weekday'],
];

const demo = await startDemo(['--days', '60']);
try {
  const browser = await chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce', colorScheme: 'light' });
  await page.goto(demo.link);
  await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
  const organisation = new URL(page.url()).pathname.split('/')[2];
  await mkdir(IMAGES, { recursive: true });
  for (const [name, address, title] of PAGES) {
    await page.goto(new URL(`/console/${organisation}/${address}`, demo.link).href);
    await page.getByRole('heading', { name: title }).waitFor();
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: join(IMAGES, `${name}.png`) });
    console.log(`docs/images/${name}.png`);
  }
  await page.goto(new URL(`/console/${organisation}/floor`, demo.link).href);
  await page.getByRole('link', { name: /^London Bridge › Level 1/ }).click();
  await page.waitForURL('**/floor?level=*');
  await page.mouse.move(0, 0);
  await page.goto(`${page.url()}&day=${lastWorkday()}`);
  await page.getByRole('application').getByRole('button').first().waitFor();
  await page.waitForLoadState('networkidle');
  await page.screenshot({ path: join(IMAGES, 'floor.png') });
  console.log('docs/images/floor.png');
  await browser.close();
} finally {
  await demo.stop();
}

/** The last day before today that is in no weekend. Its states are decided. */
function lastWorkday() {
  const day = new Date();
  do day.setUTCDate(day.getUTCDate() - 1);
  while ([0, 6].includes(day.getUTCDay()));
  return day.toISOString().slice(0, 10);
}
