import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../../server/dist/bin/rollcall.js', import.meta.url));

/**
 * Starts a demo in a new directory, without live events.
 *
 * @param {readonly string[]} args further options of `rollcall demo`
 * @returns {Promise<{ link: string, baseUrl: string, keys: { role: string, authentication: string, apiKey: string,
 *   secret: string }[], stop(): Promise<void> }>} `link`: signs in once
 */
export async function startDemo(args = []) {
  const data = await mkdtemp(join(tmpdir(), 'rollcall-pages-'));
  const credentials = join(data, 'credentials.json');
  const options = ['--port', '0', '--data-dir', join(data, 'demo'), '--credentials-file', credentials];
  const demo = spawn(process.execPath, [PROGRAM, 'demo', '--no-live', ...options, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(demo, 'exit');
  const stop = async () => {
    demo.kill('SIGTERM');
    await ended;
    await rm(data, { recursive: true, force: true });
  };
  try {
    const link = await firstLine(demo.stdout);
    return { link, ...JSON.parse(await readFile(credentials, 'utf8')), stop };
  } catch (error) {
    await stop();
    throw error;
  }
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
