// Makes the pictures in docs/images: starts a demo, signs in by its link, and visits each page.
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Rollcall } from '@rollcall/sdk';
import { chromium } from 'playwright-core';
import { startDemo } from './demo.mjs';

const IMAGES = fileURLToPath(new URL('../../../docs/images', import.meta.url));
const PROGRAM = '/usr/bin/chromium';
const SIZE = { width: 1280, height: 900 };
/** Somebody who reads on a phone loads the pictures, too. */
const MOST_BYTES = 200_000;
const WEEK_MS = 7 * 86_400_000;

const demo = await startDemo(['--days', '60']);
try {
  const { userId, deskId, levelId } = await idsOf(demo);
  const lastWeek = new Date(Date.now() - WEEK_MS).toISOString().slice(0, 10);
  /** Of each picture: its name, the address below the organisation, and a heading or table that shows that all is there. */
  const pictures = [
    ['attendance', 'attendance?period=day', 'heading', 'People who came or had planned to come'],
    ['weekdays', 'attendance?view=weekdays', 'heading', 'Average attendance by week and weekday'],
    ['person', `people/${userId}?week=${lastWeek}`, 'table', 'Week'],
    ['places', `places?open=${deskId}`, 'heading', 'Assigned to'],
    ['floor', `floor?level=${levelId}&day=${lastWorkday()}`, 'application', undefined],
    ['integrations', 'integrations?view=keys', 'button', 'Create a key'],
  ];
  const browser = await chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce', colorScheme: 'light' });
  await page.goto(demo.link);
  await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
  const organisation = new URL(page.url()).pathname.split('/')[2];
  await mkdir(IMAGES, { recursive: true });
  for (const [name, address, role, title] of pictures) {
    await page.goto(new URL(`/console/${organisation}/${address}`, demo.link).href);
    await page.getByRole(role, title && { name: title }).waitFor();
    await page.waitForLoadState('networkidle');
    const path = join(IMAGES, `${name}.png`);
    await page.screenshot({ path });
    const { size } = await stat(path);
    console.log(`docs/images/${name}.png: ${Math.round(size / 1_000)} kB`);
    if (size > MOST_BYTES) throw new Error(`${name}.png has more than ${MOST_BYTES / 1_000} kB.`);
  }
  await browser.close();
} finally {
  await demo.stop();
}

/** A person who has a desk, this desk, and the level with the most desks. */
async function idsOf({ baseUrl, keys }) {
  const { apiKey, secret } =
    keys.find(({ role, authentication }) => role === 'all' && authentication === 'basic') ?? {};
  const { manage, analytics } = new Rollcall({
    baseUrl,
    apiKey,
    secret,
    authentication: 'client-credentials',
  });
  const desks = await manage.desks.list({ status: 'active' });
  const owned = desks.find(({ assignedUserId }) => assignedUserId !== null);
  if (!owned) throw new Error('Nobody in the demo has a desk.');
  const onLevel = new Map();
  for await (const { levelId } of analytics.desks()) onLevel.set(levelId, (onLevel.get(levelId) ?? 0) + 1);
  const [[levelId]] = [...onLevel].sort(([, one], [, other]) => other - one);
  return { userId: owned.assignedUserId, deskId: owned.deskId, levelId };
}

/** The last day before today that is in no weekend. Its states are decided. */
function lastWorkday() {
  const day = new Date();
  do day.setUTCDate(day.getUTCDate() - 1);
  while ([0, 6].includes(day.getUTCDay()));
  return day.toISOString().slice(0, 10);
}
