import { readdir, readFile, stat } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { TestProxy } from '../../../sdk/test/support/proxy.ts';
import { addUser } from '../support/directory.ts';
import { OWN, type Planted, plantPerson } from '../support/person-data.ts';
import { startTestServer, type TestServer } from '../support/server.ts';
import { listen } from '../support/sockets.ts';
import { until } from '../support/waiting.ts';
import { filesOf } from '../support/zip-files.ts';
import { expectOneSentence, type Outcome, Workspace } from './support.ts';

let work: Workspace;
let server: TestServer;
let proxy: TestProxy;
let planted: Planted;
let key: { apiKey: string; secret: string };
beforeAll(async () => {
  work = await Workspace.create();
  server = await startTestServer();
  planted = await plantPerson(server);
  // The command uses the real time.
  server.clock.nowMs = Date.now();
  key = await server.key(planted.tenantId);
  proxy = await TestProxy.start(await listen(server));
});
afterEach(() => proxy.reset());
afterAll(async () => {
  await proxy.close();
  await server.close();
  await work.close();
});

const exportPerson = (person: string, file: string, ...args: string[]): Promise<Outcome> =>
  work.rollcall(
    [
      ...['people', 'export', person, '--out', work.path(file)],
      ...['--base-url', proxy.baseUrl, '--key', key.apiKey],
      ...args,
    ],
    { env: { ROLLCALL_SECRET: key.secret } },
  );

test('saves the export of a person by id, user name or e-mail address, for its own user only', async () => {
  const names = [planted.userId, `${OWN}.LOGIN`, planted.email.toUpperCase()];
  for (const [index, person] of names.entries()) {
    const file = `person-${index}.zip`;
    const { code, stdout, stderr } = await exportPerson(person, file, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const bytes = await readFile(work.path(file));
    expect(JSON.parse(stdout)).toEqual({
      ...{ file: work.path(file), userId: planted.userId, userName: `${OWN}.Login` },
      bytes: bytes.length,
    });
    expect(JSON.parse(filesOf(bytes)['manifest.json'] ?? '')).toMatchObject({
      person: { userId: planted.userId },
    });
    expect((await stat(work.path(file))).mode & 0o777).toBe(0o600);
  }
});

test('says in one sentence that it finds nobody, or several people, or that the file exists', async () => {
  expectOneSentence(
    await exportPerson('nobody@example.com', 'nobody.zip'),
    /No user has .* nobody@example\.com/,
  );
  const email = 'twice@example.com';
  const { userId } = await addUser(server.db.owner, planted.tenantId, { email });
  await addUser(server.db.owner, planted.tenantId, { email, status: 'inactive' });
  expectOneSentence(
    await exportPerson(email, 'twice.zip'),
    new RegExp(`Several users have ${email}; .*${userId} \\(active\\)`),
  );
  await exportPerson(planted.userId, 'there.zip');
  expectOneSentence(await exportPerson(planted.userId, 'there.zip'), /there\.zip exists already/);
});

test('writes the first bytes to the file before the server has sent the last ones', async () => {
  let breakOff = () => {};
  const breakAfter = new Promise<void>((resolve) => {
    breakOff = resolve;
  });
  proxy.fate = ({ path }) => (path.endsWith('/export') ? { breakAfter } : 'pass');
  const before = await readdir(work.dir);
  const exporting = exportPerson(planted.userId, 'streamed.zip');
  await until(async () => {
    const unfinished = (await readdir(work.dir)).find((name) => name.startsWith('streamed.zip.'));
    return unfinished !== undefined && (await stat(work.path(unfinished))).size > 0;
  });
  breakOff();
  expectOneSentence(await exporting, /./);
  expect(await readdir(work.dir)).toEqual(before);
});

test('leaves no file if the server refuses', async () => {
  const before = await readdir(work.dir);
  const submitting = await server.key(planted.tenantId, { role: 'data-warehouse' });
  const refused = await work.rollcall(
    [
      ...['people', 'export', planted.userId, '--out', work.path('refused.zip')],
      ...['--base-url', proxy.baseUrl, '--key', submitting.apiKey],
    ],
    { env: { ROLLCALL_SECRET: submitting.secret } },
  );
  expectOneSentence(refused, /PermissionError/);
  expect(await readdir(work.dir)).toEqual(before);
});

test('saves the export of a visitor by address or by name and day, and says in one sentence what is missing', async () => {
  const exportVisitor = (file: string, ...args: string[]) =>
    work.rollcall(
      [
        ...['visitors', 'export', '--out', work.path(file)],
        ...['--base-url', proxy.baseUrl, '--key', key.apiKey],
        ...args,
      ],
      { env: { ROLLCALL_SECRET: key.secret } },
    );
  const { code, stdout, stderr } = await exportVisitor('visitor.zip', '--email', `HOME.${OWN}@example.com`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const bytes = await readFile(work.path('visitor.zip'));
  expect(stdout).toBe(`${work.path('visitor.zip')}: ${bytes.length} bytes.\n`);
  expect(JSON.parse(filesOf(bytes)['visits.json'] ?? '')).toMatchObject([{ eventId: `visit-${OWN}` }]);
  expect((await stat(work.path('visitor.zip'))).mode & 0o777).toBe(0o600);
  expectOneSentence(await exportVisitor('visitor.zip', '--email', 'a@b.c'), /visitor\.zip exists already/);
  expectOneSentence(await exportVisitor('other.zip', '--name', 'Ada'), /Give --email, or --name and --day/);
});
