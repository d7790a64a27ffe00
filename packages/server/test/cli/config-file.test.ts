import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfigFile } from '../../src/cli/config-file.ts';
import { FILE_SETTINGS, fileKey } from '../../src/config-file.ts';
import { expectOneSentence, type Outcome, Workspace } from './support.ts';

interface Printed {
  file: string | null;
  settings: { name: string; value: unknown; from: string; where: string | null }[];
}

const PASSWORD = 'pass:w@rd';
const SECRET_URL = `postgres://owner:${PASSWORD}@db.example.com/rollcall?sslmode=verify-full&password=second`;

/** Texts that any setting may have: names, paths and addresses. They are no secrets. */
const PLAIN_TEXTS: (keyof typeof FILE_SETTINGS)[] = [
  ...(['dataDir', 'masterKeyFile', 'host', 'tlsCert', 'tlsKey', 'logFile', 'metricsHost'] as const),
  ...(['oidcClientId', 'oidcClientSecretFile', 'oidcName', 'oidcScopes', 'oidcRolesClaim'] as const),
];

const MAY_HOLD_SECRETS = Object.entries({
  'program argument': [`program --token ${PASSWORD}`],
  'postgres://a@b/c': [SECRET_URL],
  'https://a.example.com': [
    `https://user:${PASSWORD.replace('@', '%40')}@a.example.com`,
    `http://user:${PASSWORD.replace('@', '%40')}@localhost:4318`,
    'https://second@a.example.com/',
  ],
});

/** Why a setting does not take a value; undefined if it does. */
function refusalOf(name: keyof typeof FILE_SETTINGS, value: string): string | undefined {
  try {
    FILE_SETTINGS[name].parse(value);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

/** Values that hold a secret, for each setting that takes a text of its user's choice and is no plain text. */
function secretValues(): { name: keyof typeof FILE_SETTINGS; value: string }[] {
  return (Object.keys(FILE_SETTINGS) as (keyof typeof FILE_SETTINGS)[])
    .filter((name) => !PLAIN_TEXTS.includes(name))
    .flatMap((name) => {
      const [, values] = MAY_HOLD_SECRETS.find(([plain]) => refusalOf(name, plain) === undefined) ?? [];
      return (values ?? []).map((value) => ({ name, value }));
    });
}

let work: Workspace;
let file: string;
beforeAll(async () => {
  work = await Workspace.create();
  file = work.path('rollcall.yaml');
});
afterAll(() => work.close());

async function write(text: string, mode = 0o600): Promise<void> {
  await writeFile(file, text);
  await chmod(file, mode);
}

const inForce = async (args: string[], env: Record<string, string> = {}) => {
  const printed = await work.json<Printed>(['config', ...args], { env });
  return { ...printed, of: (name: string) => printed.settings.find((each) => each.name === name) };
};

async function refused(text: string, mode = 0o600): Promise<Outcome> {
  await write(text, mode);
  return work.rollcall(['config', '--config', file]);
}

describe('A configuration file', () => {
  test('comes after flags and variables, and before defaults', async () => {
    await write('# ours\nport: 1001\nhost: "::1"\nlog-level: warn\njobs: off\n');
    const { of, file: named } = await inForce(['--config', file, '--port', '1003'], {
      PORT: '1002',
      HOST: '127.0.0.2',
    });
    expect(named).toBe(file);
    expect(of('port')).toEqual({ name: 'port', value: 1003, from: 'flag', where: '--port' });
    expect(of('host')).toEqual({ name: 'host', value: '127.0.0.2', from: 'environment', where: 'HOST' });
    expect(of('log-level')).toEqual({ name: 'log-level', value: 'warn', from: 'file', where: `${file}:4` });
    expect(of('clock-skew-s')).toEqual({ name: 'clock-skew-s', value: 300, from: 'default', where: null });
    expect(of('public-url')).toEqual({ name: 'public-url', value: null, from: 'default', where: null });
  });

  test('may have every setting of data and server', async () => {
    const values: Record<string, string> = {
      databaseUrl: 'postgres://a@b/c',
      servingDatabaseUrl: 'postgres://a@b/c',
      readDatabaseUrl: 'postgres://a@b/c',
      publicUrl: 'https://a.example.com',
      oidcIssuer: 'https://a.example.com',
      corsOrigins: 'https://a.example.com',
      metricsPort: '9100',
      otlp: 'http://localhost:4318',
    };
    const lines = Object.entries(FILE_SETTINGS).map(([name, entry]) => {
      const value = 'default' in entry ? String(entry.default) : undefined;
      return `${fileKey(entry)}: ${JSON.stringify(values[name] ?? value ?? 'text')}`;
    });
    await write(`${lines.join('\n')}\n`);
    const { settings } = await inForce(['--config', file]);
    // The environment of a test run has the switch of jobs.
    expect(settings.filter(({ from }) => from !== 'file').map(({ name }) => name)).toEqual(['jobs']);
    expect(settings).toHaveLength(lines.length);
  });

  test('is named by a flag, a variable, or a credential of systemd, in this order; none is a choice', async () => {
    await write('port: 1001\n');
    const credentials = work.path('credentials');
    await mkdir(credentials, { recursive: true });
    await writeFile(`${credentials}/rollcall-config`, 'port: 1002\n', { mode: 0o400 });
    await writeFile(work.path('third.yaml'), 'port: 1003\n');
    const env = { CREDENTIALS_DIRECTORY: credentials };
    expect((await inForce([], env)).of('port')?.value).toBe(1002);
    const named = { ...env, ROLLCALL_CONFIG: work.path('third.yaml') };
    expect((await inForce([], named)).of('port')?.value).toBe(1003);
    expect((await inForce(['--config', file], named)).of('port')?.value).toBe(1001);
    const none = await inForce(['--config', 'none'], named);
    expect(none).toMatchObject({ file: null });
    expect(none.of('port')).toMatchObject({ value: 8080, from: 'default' });
    // The unit gives an empty map on a machine without a file.
    for (const nothing of ['{}', '', '# nothing\n']) {
      await chmod(`${credentials}/rollcall-config`, 0o600);
      await writeFile(`${credentials}/rollcall-config`, nothing);
      expect((await inForce([], env)).of('port')?.value).toBe(8080);
    }
    await rm(credentials, { recursive: true });
  });

  test('is refused with file, line and key of each fault', async () => {
    for (const [text, saying] of [
      ['port: 80\n\nprot: 1\n', '3: prot: There is no such setting.'],
      ['ROLLCALL_DATA_DIR: a\n', '1: ROLLCALL_DATA_DIR: There is no such setting. Do you mean data-dir?'],
      ['# a\nport: eighty\n', '2: port: It must be a whole number from 0 to 65535.'],
      ['port:\n', '1: port: It must be a whole number from 0 to 65535.'],
      ['data-dir:\n', '1: data-dir: It must not be empty.'],
      ['jobs: true\n', '1: jobs: It must be one of on, off.'],
      [
        'host: a\nport: [1, 2]\n',
        '2: port: It must be one text or number, not a list or a group of settings.',
      ],
      ['tls:\n  cert: a\n', '1: tls: There is no such setting.'],
      ['port: 1\nhost: a\nport: 2\n', '3: port: This setting is in the file twice.'],
      ['- port\n', '1: The file must have lines such as "port: 8080".'],
      ['host: "a\n', '2: This is not YAML that Rollcall reads: '],
      ['host: &a b\npublic-url: *a\n', '2: public-url: It must be one text or number'],
    ] as const) {
      await write(text);
      await expect(readConfigFile(file)).rejects.toThrow(`${file}:${saying}`);
    }
    const outcome = await refused('port: x\nhost: a\nusers: 3\n');
    expectOneSentence(outcome, /^rollcall: /);
    expect(outcome.stderr.trim().split('\n')).toHaveLength(2);
  });

  test('that is missing is an error, and nothing starts', async () => {
    for (const command of [['config'], ['serve', '--data-dir', work.path('never')]]) {
      const outcome = await work.rollcall([...command, '--config', work.path('no.yaml')]);
      expectOneSentence(outcome, /^rollcall: The file .*no\.yaml cannot be read \(ENOENT\)\.\n$/);
    }
  });

  test('that others may change is refused, as is one with a password that others may read', async () => {
    expectOneSentence(await refused('port: 1\n', 0o666), /may change .*chmod go-w/);
    const secret = await refused(`database-url: ${SECRET_URL}\n`, 0o644);
    expectOneSentence(secret, /password of a database.*is open to other users.*chmod 600/);
    expect(secret.stderr).not.toContain(PASSWORD);
    await write('port: 1\ndatabase-url: postgres://owner@db.example.com/rollcall\n', 0o644);
    expect((await work.rollcall(['config', '--config', file])).code).toBe(0);
  });

  test.skipIf(process.geteuid?.() !== 0)('of another user is refused', async () => {
    await write('port: 1\n');
    await chown(file, 12_345, 12_345);
    expectOneSentence(
      await work.rollcall(['config', '--config', file]),
      /belongs to another user of this machine/,
    );
    await chown(file, 0, 0);
  });

  test('shows no secret in an error of its text', async () => {
    const { stderr } = await refused(`database-url: "${SECRET_URL}\nport: 1\n`);
    expect(stderr).toContain('This is not YAML');
    expect(stderr).not.toContain(PASSWORD);
    const wrong = await refused(`database-url: mysql://a:${PASSWORD}@b/c\n`);
    expect(wrong.stderr).toContain('1: database-url: It must be a URL that begins with postgres://.');
    expect(wrong.stderr).not.toContain(PASSWORD);
  });

  test('does not turn a demo into another server', async () => {
    await write('data-dir: ours\n');
    const { stdout } = await work.rollcall(['demo', '--help']);
    expect(stdout).toMatch(/--config <path>[\s\S]*?\(default:\s+"none"/);
  });
});

describe('rollcall config', () => {
  test('shows no secret of a flag or a variable in an error', async () => {
    const url = `mysql://a:${PASSWORD}@b/c`;
    for (const [args, env] of [
      [['--database-url', url], {}],
      [[], { DATABASE_URL: url }],
    ] as const) {
      const outcome = await work.rollcall(['config', ...args], { env });
      expectOneSentence(
        outcome,
        /^rollcall: The value of --database-url or DATABASE_URL is invalid\. It must be/,
      );
      expect(outcome.stderr).not.toContain(PASSWORD);
    }
  });

  test('shows no secret, from wherever it comes', async () => {
    const env = { ROLLCALL_MASTER_KEY: 'c2VjcmV0IGtleQ==', ROLLCALL_OIDC_CLIENT_SECRET: 'hush' };
    const expectNoSecret = (shown: string, of: string) => {
      for (const secret of ['pass:', 'w@rd', 'w%40rd', 'second', 'c2VjcmV0', 'hush'])
        expect(shown, of).not.toContain(secret);
    };
    const refused = secretValues().filter(({ name, value }) => refusalOf(name, value) !== undefined);
    for (const { name, value } of refused) expectNoSecret(refusalOf(name, value) ?? '', name);

    let taken = secretValues().filter(({ name, value }) => refusalOf(name, value) === undefined);
    expect(taken).not.toEqual([]);
    while (taken.length > 0) {
      // One value of each setting, because a command takes a setting once.
      const together = new Map(taken.map(({ name, value }) => [name, value]));
      taken = taken.filter(({ name, value }) => together.get(name) !== value);
      const given = [...together].map(([name, value]) => ({ entry: FILE_SETTINGS[name], value }));
      await write(given.map(({ entry, value }) => `${fileKey(entry)}: ${JSON.stringify(value)}\n`).join(''));
      const flags = given.flatMap(({ entry, value }) => [entry.flags.split(' ')[0] ?? '', value]);
      const variables = Object.fromEntries(given.map(({ entry, value }) => [entry.env, value]));
      for (const [args, set] of [
        [flags, {}],
        [[], variables],
        [['--config', file, '--json'], {}],
      ] as const) {
        const outcome = await work.rollcall(['config', ...args], { env: { ...env, ...set } });
        expect(outcome).toMatchObject({ code: 0, stderr: '' });
        expectNoSecret(outcome.stdout, [...together.keys()].join());
        expect(outcome.stdout).toContain('ROLLCALL_MASTER_KEY');
      }
    }
  });

  test('shows what of a setting is no secret', async () => {
    const { of } = await inForce([
      ...['--database-url', SECRET_URL, '--otlp', 'https://otlp.example.com/'],
      ...['--master-key-command', 'vault read key'],
    ]);
    expect(of('database-url')?.value).toBe(
      'postgres://owner:***@db.example.com/rollcall?sslmode=verify-full&password=***',
    );
    expect(of('otlp')?.value).toBe('https://otlp.example.com');
    expect(of('master-key-command')?.value).toBe('vault ***');
    expect((await inForce(['--master-key-command', 'our-key'])).of('master-key-command')?.value).toBe(
      'our-key',
    );
  });

  test('is a table for people', async () => {
    await write('port: 1001\n');
    const { stdout } = await work.rollcall(['config', '--config', file]);
    expect(stdout).toContain(`Configuration file: ${file}\n`);
    expect(stdout).toMatch(/^setting +value +from$/m);
    expect(stdout).toMatch(new RegExp(`^port +1001 +${file}:1$`, 'm'));
    expect(stdout).toMatch(/^host +127\.0\.0\.1 +default$/m);
  });
});
