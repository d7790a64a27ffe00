import { describe, expect, test } from 'vitest';
import { DATA_SETTINGS } from '../src/config.ts';
import { readDatabaseHosts } from '../src/store/connections/database-url.ts';

const ATTRIBUTES = 'read-write, any, primary, standby, prefer-standby';

describe('a database URL with several hosts', () => {
  test.each([
    ['with ports', 'postgres://u:p@h1:5432,h2:5433/db', ['h1 5432', 'h2 5433']],
    ['without ports', 'postgres://u:p@h1,h2/db', ['h1 5432', 'h2 5432']],
    ['with one port for all', 'postgresql://h1,h2/db?port=6000', ['h1 6000', 'h2 6000']],
    ['with IPv6 addresses', 'postgres://u@[::1]:5433,[fd00::2]/db', ['::1 5433', 'fd00::2 5432']],
    ['as parameters', 'postgres://u@/db?host=h1,h2&port=1,2', ['h1 1', 'h2 2']],
    ['as directories of sockets', 'postgres://u@/db?host=/run/a,/run/b', ['/run/a 5432', '/run/b 5432']],
    ['as encoded directories', 'postgres://u@%2Frun%2Fa:1,h2/db', ['/run/a 1', 'h2 5432']],
    ['with an @ in the password', 'postgres://u:p@,x@h1,h2/db', ['h1 5432', 'h2 5432']],
  ])('has the hosts of libpq %s', (_, url, expected) => {
    const read = readDatabaseHosts(url);
    expect(read?.hosts.map(({ host, port }) => `${host} ${port}`)).toEqual(expected);
    expect(read?.wanted).toBe('read-write');
  });

  test('gives each connection user, database and the other parameters', () => {
    const url =
      'postgres://u:p@h1,h2:1/db?sslmode=verify-full&target_session_attrs=primary&options=-c%20a%3Db';
    expect(readDatabaseHosts(url)).toEqual({
      wanted: 'primary',
      hosts: [
        {
          host: 'h1',
          port: 5432,
          url: 'postgres://u:p@/db?sslmode=verify-full&options=-c%20a%3Db&host=h1&port=5432',
        },
        {
          host: 'h2',
          port: 1,
          url: 'postgres://u:p@/db?sslmode=verify-full&options=-c%20a%3Db&host=h2&port=1',
        },
      ],
    });
  });

  test.each(ATTRIBUTES.split(', '))('takes target_session_attrs=%s, also with one host', (attributes) => {
    expect(readDatabaseHosts(`postgres://h1/db?target_session_attrs=${attributes}`)).toMatchObject({
      wanted: attributes,
      hosts: [{ host: 'h1' }],
    });
  });

  test.each([
    ['postgres://u:p@db.example.com/rollcall?sslmode=verify-full'],
    ['postgres://u:p@/rollcall?host=/run/postgresql&port=5433'],
    ['postgres://%2Frun%2Fpostgresql/rollcall'],
  ])('of one host stays what it was: %s', (url) => {
    expect(readDatabaseHosts(url)).toBeUndefined();
    expect(DATA_SETTINGS.databaseUrl.parse(url)).toBe(url);
  });

  test.each([
    ['postgres://h1,h2/db?target_session_attrs=read-only', `must be one of ${ATTRIBUTES}.`],
    ['postgres://h1,h2,h3/db?port=1,2', 'It names 2 ports for 3 hosts.'],
    ['postgres://h1:70000,h2/db', 'Each port must be a whole number from 1 to 65535.'],
    ['postgres://h1,/db', 'It names an empty host.'],
    ['postgres://[::1,h2/db', 'It must be a URL that begins with postgres://.'],
    ['mysql://h1,h2/db', 'It must be a URL that begins with postgres://.'],
  ])('%s is refused in one sentence', (url, message) => {
    expect(() => DATA_SETTINGS.databaseUrl.parse(url)).toThrow(message);
  });

  test('shows no password in messages and settings', () => {
    const shown = DATA_SETTINGS.databaseUrl.hide?.('postgres://u:hidden@h1:1,h2:2/db') ?? '';
    expect(shown).toBe('postgres://u:***@h1:1,h2:2/db');
  });
});
