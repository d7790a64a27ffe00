import { execFile, spawnSync } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addSite, type PresenceRow, presenceRows, type Site } from './support/presence.ts';
import { startTestServer, type TestServer } from './support/server.ts';
import { listen } from './support/sockets.ts';

const file = (path: string) => fileURLToPath(new URL(`../../../examples/${path}`, import.meta.url));
const works = (command: string, ...args: string[]) => spawnSync(command, args).status === 0;

const POWERSHELL = ['pwsh', 'powershell'].find((name) => works(name, '-NoProfile', '-Command', 'exit 0'));
const EXAMPLES = [
  { path: 'python/submit_presence.py', command: ['python3'], present: works('python3', '--version') },
  { path: 'javascript/submit-presence.mjs', command: [process.execPath], present: true },
  {
    path: 'curl/submit-presence.sh',
    command: ['sh'],
    present: works('sh', '-c', 'exit 0') && works('curl', '--version'),
  },
  {
    path: 'powershell/Submit-Presence.ps1',
    command: [POWERSHELL ?? 'pwsh', '-NoProfile', '-File'],
    present: POWERSHELL !== undefined,
  },
];

let server: TestServer;
let site: Site;
let baseUrl: string;
beforeAll(async () => {
  server = await startTestServer();
  baseUrl = await listen(server);
  // The scripts use the real time.
  server.clock.nowMs = Date.now();
  site = await addSite(server);
  const absent = EXAMPLES.filter(({ present }) => !present).map(({ path }) => path);
  if (absent.length > 0)
    console.warn(`NOT RUN, their interpreters are not here: examples/${absent.join(', ')}`);
});
afterAll(() => server.close());

interface Outcome {
  status: number;
  stdout: string;
  stderr: string;
}

function run(command: string[], args: string[], env: Record<string, string> = {}): Promise<Outcome> {
  const [program = '', ...first] = command;
  const settings = {
    ROLLCALL_BASE_URL: `${baseUrl}/`,
    ROLLCALL_KEY_ID: site.key.apiKey,
    ROLLCALL_KEY_SECRET: site.key.secret,
    no_proxy: '127.0.0.1',
  };
  return new Promise((resolve) => {
    execFile(
      program,
      [...first, ...args],
      { env: { ...process.env, ...settings, ...env } },
      (error, stdout, stderr) => resolve({ status: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}

/** The rows of the export around now. */
function recentRows(): Promise<PresenceRow[]> {
  const day = (offset: number) =>
    new Date(server.clock.nowMs + offset * 86_400_000).toISOString().slice(0, 10);
  return presenceRows(server, site, `startDate=${day(-1)}&endDate=${day(1)}`);
}

describe.each(EXAMPLES)('examples/$path', ({ path, command, present }) => {
  const script = [...command, file(path)];

  test.skipIf(!present)('submits an event that is in the export', async () => {
    const { status, stdout, stderr } = await run(script, [site.office.placeId, site.user.email, 'place']);
    expect([status, stderr]).toEqual([0, '']);
    const [, eventId] = /^(\S+): Success\s*$/.exec(stdout) ?? [];
    const rows = await recentRows();
    expect(rows).toContainEqual(
      expect.objectContaining({ eventId, userId: site.user.userId, placeId: site.office.placeId }),
    );
    const row = rows.find((each) => each.eventId === eventId);
    expect(Math.abs(Date.parse(row?.timestamp ?? '') - Date.now())).toBeLessThan(60_000);
  });

  test.skipIf(!present)(
    'takes its arguments from the environment too, and the office as the location',
    async () => {
      const outcome = await run(script, [], {
        ROLLCALL_LOCATION_ID: site.office.locationId,
        ROLLCALL_USER_EMAIL: site.user.email,
      });
      expect(outcome).toMatchObject({ status: 0, stdout: expect.stringContaining('Success') });
    },
  );

  test.skipIf(!present)("fails with the server's message if the event is refused", async () => {
    const outcome = await run(script, [site.office.placeId, 'nobody "\\ \u00e9@example.com', 'place']);
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
    expect(outcome.stderr).toMatch(/^result code 1: userEmail: no active user/);
  });

  test.skipIf(!present)("fails with the server's message if the key or the address is wrong", async () => {
    const args = [site.office.placeId, site.user.email, 'place'];
    const wrongSecret = await run(script, args, { ROLLCALL_KEY_SECRET: 'wrong' });
    expect(wrongSecret).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/Authentication failed|its secret is wrong/),
    });
    const nowhere = await run(script, args, { ROLLCALL_BASE_URL: 'http://127.0.0.1:1' });
    expect(nowhere).toMatchObject({ status: 1, stderr: expect.stringMatching(/\S/) });
  });

  test.skipIf(!present)('prints its usage if something is missing', async () => {
    for (const env of [{}, { ROLLCALL_KEY_SECRET: '' }]) {
      const outcome = await run(script, 'ROLLCALL_KEY_SECRET' in env ? ['x', 'y'] : [], env);
      expect(outcome).toMatchObject({
        status: 2,
        stderr: expect.stringMatching(/usage:.*LOCATION_ID USER_EMAIL/),
      });
    }
  });
});

/** The requests of the script, made from its own text. A script that cannot run here is at least sent. */
describe('the bodies of examples/powershell/Submit-Presence.ps1', () => {
  const text = readFileSync(file('powershell/Submit-Presence.ps1'), 'utf8');
  const bodies = [...text.matchAll(/^\$(\w+) = @"\r?\n(.*?)\r?\n"@$/gms)].map(([, name, body = '']) => ({
    name,
    body,
  }));
  const paths = [...text.matchAll(/Send-Json '([^']+)' \$(\w+)/g)].map(([, path = '', body]) => ({
    path,
    body,
  }));

  /** Replaces what the script's texts contain: variables, and one ConvertTo-Json. */
  function expand(template: string, variables: Record<string, string | number>): string {
    const valueOfVariable = (name: string): string | number => {
      const value = variables[name];
      if (value === undefined) throw new Error(`The script uses $${name}, which this test does not know.`);
      return value;
    };
    return template
      .replace(/\$\(ConvertTo-Json \$(\w+)\)/g, (_, name: string) => JSON.stringify(valueOfVariable(name)))
      .replace(/\$(\w+)/g, (_, name: string) => String(valueOfVariable(name)));
  }

  test('log in and submit an event that is in the export', async () => {
    expect(bodies.map(({ name }) => name)).toEqual(paths.map(({ body }) => body));
    const [login, presence] = bodies.map(({ body }, index) => ({ body, url: paths[index]?.path ?? '' }));
    const KeyId = site.key.apiKey;
    const timestamp = Math.floor(Date.now() / 1000);
    const [, message = ''] = /ComputeHash\(\[Text\.Encoding\]::UTF8\.GetBytes\("(.*?)"\)\)/.exec(text) ?? [];
    const hmac = createHmac('sha256', site.key.secret).update(expand(message, { KeyId, timestamp }));
    const loggedIn = await send(
      login,
      expand(login?.body ?? '', { KeyId, timestamp, hash: hmac.digest('hex') }),
    );
    expect(loggedIn.statusCode).toBe(200);

    const eventId = randomUUID();
    const body = expand(presence?.body ?? '', {
      eventId,
      observedAt: new Date().toISOString(),
      LocationId: site.office.zoneId,
      LocationType: 'zone',
      UserEmail: site.user.email,
    });
    const submitted = await send(presence, body, { authorization: `Bearer ${loggedIn.json().token}` });
    expect(submitted.json()).toMatchObject({ results: [{ eventId, resultCode: 0 }] });
    expect(await recentRows()).toContainEqual(
      expect.objectContaining({ eventId, sourceId: 'powershell example', zoneId: site.office.zoneId }),
    );
  });

  function send(to: { url: string } | undefined, payload: string, headers = {}) {
    const [, contentType = ''] = /ContentType\s*=\s*'([^']+)'/.exec(text) ?? [];
    return server.app.inject({
      method: 'POST',
      url: to?.url ?? '',
      headers: { 'content-type': contentType, ...headers },
      payload,
    });
  }

  test('avoid the known problems of Windows PowerShell 5.1', () => {
    const code = text.replace(/<#.*?#>/s, '').replaceAll(/^\s*#.*$/gm, '');
    expect(code).not.toMatch(/Get-Date/);
    expect(code).toMatch(/\[DateTimeOffset\]::UtcNow\.ToUnixTimeSeconds\(\)/);
    expect(code).toMatch(/Body\s*=\s*\[Text\.Encoding\]::UTF8\.GetBytes\(\$Body\)/);
    // Without a byte order mark, 5.1 reads a script in the machine's own code page.
    expect(text).toMatch(/^[\x20-\x7e\r\n]*$/);
  });
});
