// Makes the pictures in docs/images: starts a demo in a new directory, signs in by its link, and visits each page.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const IMAGES = join(ROOT, 'docs/images');
const PROGRAM = '/usr/bin/chromium';
const SIZE = { width: 1280, height: 900 };
const PAGES = [
  ['attendance', 'attendance?period=day', 'People who came or had planned to come'],
  ['weekdays', 'attendance?view=weekdays', 'Average attendance by week and weekday'],
];

const data = await mkdtemp(join(tmpdir(), 'rollcall-screenshots-'));
const demo = spawn(
  process.execPath,
  [
    join(ROOT, 'packages/server/dist/bin/rollcall.js'),
    'demo',
    '--port',
    '0',
    '--data-dir',
    data,
    '--no-live',
    '--days',
    '60',
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
try {
  const link = await firstLine(demo.stdout);
  const browser = await chromium.launch({ executablePath: PROGRAM, args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: SIZE, reducedMotion: 'reduce', colorScheme: 'light' });
  await page.goto(link);
  await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
  const organisation = new URL(page.url()).pathname.split('/')[2];
  await mkdir(IMAGES, { recursive: true });
  for (const [name, address, title] of PAGES) {
    await page.goto(new URL(`/console/${organisation}/${address}`, link).href);
    await page.getByRole('heading', { name: title }).waitFor();
    await page.waitForLoadState('networkidle');
    await page.screenshot({ path: join(IMAGES, `${name}.png`) });
    console.log(`docs/images/${name}.png`);
  }
  await browser.close();
} finally {
  demo.kill('SIGTERM');
  if (demo.exitCode === null) await once(demo, 'exit');
  await rm(data, { recursive: true, force: true });
}

async function firstLine(stream) {
  let text = '';
  // The demo would end if nobody read the rest.
  for await (const piece of stream.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    text += piece;
    if (!text.includes('\n')) continue;
    stream.resume();
    return text.split('\n', 1)[0];
  }
  throw new Error('The demo ended before it printed its link.');
}
