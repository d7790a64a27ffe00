import { describe, expect, test } from 'vitest';
import type { Answer } from '../fuzz/client.ts';
import { CREDENTIALS } from '../fuzz/credentials.ts';
import { Leaks } from '../fuzz/isolation.ts';
import { Judge } from '../fuzz/judge.ts';
import { type Description, operationsOf } from '../fuzz/openapi.ts';
import { pathOf, planCases, readPath, seedOf } from '../fuzz/plan.ts';

const ITEM = { type: 'object', properties: { id: { type: 'string', format: 'uuid' } }, required: ['id'] };
const PROBLEM = { type: 'object', properties: { status: { type: 'integer' } }, required: ['status'] };
const DESCRIPTION: Description = {
  paths: {
    '/v1/things': {
      get: {
        responses: {
          200: {
            content: {
              'application/json': { schema: { type: 'array', items: ITEM } },
              'application/x-ndjson': { schema: { type: 'string' } },
            },
          },
          400: { content: { 'application/problem+json': { schema: PROBLEM } } },
          204: {},
        },
        security: [{ bearer: [] }],
      },
    },
  },
  components: { schemas: {} },
};
const operations = operationsOf(DESCRIPTION);
const judge = new Judge(DESCRIPTION, operations);
const ID = '3f0c5a52-6d0e-4f0e-9d53-0a4f6b0f5c04';

const faultOf = (status: number, type: string, text: string, target = '/v1/things') =>
  judge.fault('GET', target, {
    status,
    headers: { correlationid: '1', 'content-type': type },
    body: Buffer.from(text),
  } satisfies Answer);

describe('The judge of the fuzz driver', () => {
  test.each([
    [200, 'application/json; charset=utf-8', `[{"id":"${ID}"}]`],
    [200, 'application/x-ndjson', `{"id":"${ID}"}\n{"id":"${ID}"}\n`],
    [400, 'application/problem+json', '{"status":400}'],
    [204, 'none', ''],
  ])('finds nothing wrong with what the description has: %i %s', (status, type, text) => {
    expect(faultOf(status, type, text)).toBeUndefined();
  });

  test.each([
    [500, 'application/problem+json', '{"status":500}', /error of the server/],
    [418, 'application/json', '[]', /418 is not documented/],
    [200, 'text/html', '<p>', /content type text\/html/],
    [200, 'application/json', '[{"id":"x"}]', /does not have its schema: \/n\/id/],
    [200, 'application/json', '[{}]', /does not have its schema/],
    [200, 'application/json', '[', /is not JSON/],
    [200, 'application/x-ndjson', `{"id":"${ID}"}\n{"id":1}\n`, /does not have its schema/],
    [400, 'application/problem+json', '{"status":404}', /says another status/],
    [204, 'none', 'x', /has a body/],
  ])('finds what the description does not have: %i %s %s', (status, type, text, fault) => {
    expect(faultOf(status, type, text)).toMatch(fault);
  });

  test('finds an answer without a correlation id, and a success on an unknown path', () => {
    const answer = { status: 204, headers: {}, body: Buffer.alloc(0) };
    expect(judge.fault('GET', '/v1/things', answer)).toMatch(/no correlationId/);
    expect(faultOf(200, 'application/json', '[]', '/v1/others')).toMatch(/path that is not documented/);
    expect(faultOf(404, 'application/json', '[]', '/v1/others')).toBeUndefined();
  });
});

describe('The plan of the fuzz driver', () => {
  test('is the same for a seed, has all its requests, and all credentials if there are enough', () => {
    const plan = planCases(operations, 1_000, 7);
    expect(planCases(operations, 1_000, 7)).toEqual(plan);
    expect(planCases(operations, 1_000, 8)).not.toEqual(plan);
    expect(plan.reduce((sum, { runs }) => sum + runs, 0)).toBe(1_000);
    expect(new Set(plan.map(({ credential }) => credential))).toEqual(new Set(Object.keys(CREDENTIALS)));
    expect(new Set(plan.map((each) => seedOf(7, each))).size).toBe(plan.length);
  });

  test('finds each case again by its path', () => {
    for (const each of planCases(operations, 1_000, 7)) {
      const { path, ...found } = readPath(pathOf(each, '3:1'), operations);
      expect({ ...found, path }).toEqual({ ...each, runs: 1, path: '3:1' });
    }
    expect(() => readPath('GET /v1/things | nobody | valid | 1', operations)).toThrow(
      /is not a path of a run/,
    );
  });
});

describe('What belongs to another organisation', () => {
  const MARKER = 'secret00ff00ff00ff';
  const FAULT = 'The answer shows something of another organisation';

  test('is a fault in an answer, unless the request named it', () => {
    const leaks = new Leaks();
    expect(leaks.fault([MARKER], 'GET /v1/things', `[{"name":"London ${MARKER}"}]`)).toBe(FAULT);
    expect(leaks.fault([MARKER], `/v1/things?name=${MARKER}`, `no ${MARKER}`)).toBeUndefined();
    expect(leaks.fault(['secretother'], 'GET /v1/things', `[{"name":"London ${MARKER}"}]`)).toBeUndefined();
  });

  test('is no fault where the caller stored the same text before, and still one for every other text', () => {
    const leaks = new Leaks();
    const name = `London ${MARKER}`;
    expect(leaks.fault([MARKER], `POST /v1/things {"name":"${name}"}`, '{}')).toBeUndefined();
    expect(leaks.fault([MARKER], 'GET /v1/things', `[{"name":"${name}"}]`)).toBeUndefined();
    expect(leaks.fault([MARKER], 'GET /v1/things', `[{"name":"${name}"},{"name":"Paris ${MARKER}"}]`)).toBe(
      FAULT,
    );
  });
});
