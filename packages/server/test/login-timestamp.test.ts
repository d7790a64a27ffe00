import { afterAll, describe, expect, test } from 'vitest';
import { hmac, loginsOf } from './support/logins.ts';
import { login, startTestServer } from './support/server.ts';

const server = await startTestServer();
const { now, expectSuccess, expectFailure } = loginsOf(server);
afterAll(() => server.close());

const key = await server.key(await server.organisation());

describe('the timestamp', () => {
  const numberOf = (literal: string, rest = '') =>
    `{"apiKey":"${key.apiKey}",${rest}"hash":"${hmac(key.secret, key.apiKey + literal)}","timestamp": ${literal}}`;

  test('may be a JSON number, and the hash covers the digits as sent', async () => {
    for (const literal of [`${now()}`, `${now()}.0`, `${now()}.000`, `${now() / 1e9}e9`, `${now()}0E-1`]) {
      await expectSuccess(numberOf(literal));
    }
  });

  test('may be a numeric string, and the hash covers it as sent', async () => {
    await expectSuccess(login(key, `${now()}`));
    await expectSuccess(login(key, `${now()}.0`));
  });

  test('is refused with a hash over other digits of the same number', async () => {
    await expectFailure(401, { ...login(key, `${now()}.0`), timestamp: now() });
    await expectFailure(401, { ...login(key, now()), timestamp: `${now()}.0` });
  });

  test('with a fraction is a 400 that says so', async () => {
    for (const fraction of [`${now()}.5`, `${now()}.07512`, `${now()}.99999`]) {
      expect(await expectFailure(400, numberOf(fraction))).toContain('fraction');
      expect(await expectFailure(400, login(key, fraction))).toContain('fraction');
    }
    expect(await expectFailure(400, login(key, `${now()},07512`))).toContain('fraction');
  });

  test('in milliseconds is a 400 that says so', async () => {
    for (const milliseconds of [server.clock.nowMs, `${server.clock.nowMs}`, server.clock.nowMs + 0.5]) {
      expect(await expectFailure(400, login(key, milliseconds))).toContain('milliseconds');
    }
  });

  test('that is not a number is a 400 that names it', async () => {
    for (const text of ['', 'now', '0x10', '1e9', ' ', new Date().toISOString()]) {
      expect(await expectFailure(400, login(key, text))).toMatch(/timestamp.*whole number/);
    }
  });

  test('cannot be replaced by a text elsewhere in the body', async () => {
    const old = now() - 100_000;
    const oldHash = hmac(key.secret, `${key.apiKey}${old}`);
    const trick = `"timestamp":${old}`;
    const body = { apiKey: key.apiKey, timestamp: now(), hash: oldHash };
    for (const extra of [
      { note: trick },
      { [trick]: 1 },
      { nested: { timestamp: old } },
      { list: [trick] },
    ]) {
      await expectFailure(401, { ...extra, ...body });
      await expectFailure(401, { ...body, ...extra });
      await expectSuccess({ ...extra, ...login(key, now()) });
    }
    const raw = (first: number, second: number) =>
      `{"timestamp":${first},"apiKey":"${key.apiKey}","hash":"${oldHash}","timestamp":${second}}`;
    await expectFailure(401, raw(old, now()));
    await expectFailure(401, raw(now(), old));
  });

  test('is the one of the login, even if an unknown member holds the same number in other digits', async () => {
    await expectSuccess(numberOf(`${now()}`, `"meta":{"timestamp":${now()}.0},`));
    await expectSuccess(numberOf(`${now()}.0`, `"meta":{"timestamp":${now()}},`));
  });
});

describe('the clock', () => {
  const messageAt = (offsetS: number, who: { apiKey: string; secret: string } = key) =>
    expectFailure(401, login(who, now() + offsetS));

  test('may be off by up to 300 seconds', async () => {
    await expectSuccess(login(key, now() + 300));
    await expectSuccess(login(key, now() - 300));
    expect(await messageAt(301)).toContain('ahead');
    expect(await messageAt(-301)).toContain('behind');
  });

  test("that is off gets an error with the server's time", async () => {
    const message = await messageAt(-4000);
    expect(message).toContain(String(now()));
    expect(message).toContain(new Date(now() * 1000).toISOString());
  });

  test('is checked before the key', async () => {
    const stranger = { apiKey: 'nobody', secret: 'x' };
    expect(await messageAt(301, stranger)).toBe(await messageAt(301));
    expect(await expectFailure(401, { ...login(stranger, now() + 301), hash: 'x' })).toContain('clock');
  });

  test('that is off by about a multiple of a quarter hour gets an error about local time', async () => {
    for (const offsetS of [3600, -3600, 5.5 * 3600, -12 * 3600, 5.75 * 3600 + 20, 14 * 3600, -900, 3570]) {
      expect(await messageAt(offsetS)).toMatch(/local time .*UTC/);
    }
    for (const offsetS of [420, -420, 3600 + 300, 20 * 3600, 86_400 * 30]) {
      expect(await messageAt(offsetS)).not.toMatch(/local/);
    }
  });

  test('may be off by as much as the setting allows', async () => {
    const strict = await startTestServer({ clockSkewS: 10, tokenLifeS: 120 });
    const strictKey = await strict.key(await strict.organisation());
    const send = (offsetS: number) =>
      strict.app.inject({
        method: 'POST',
        url: '/v1/auth/',
        payload: login(strictKey, strict.clock.nowS + offsetS),
      });
    expect((await send(11)).statusCode).toBe(401);
    expect((await send(10)).json()).toMatchObject({ expiration: strict.clock.nowS + 120 });
    await strict.close();
  });
});
