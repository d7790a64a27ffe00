import type { LightMyRequestResponse } from 'fastify';
import { expect } from 'vitest';
import { createScimToken } from '../../src/auth/manage-scim-tokens.ts';
import type { TestServer } from './server.ts';

export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

/** An instant in `meta`. */
export const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$/;

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
type Headers = Record<string, string>;

/** An identity provider with a SCIM token. Without `given`, its organisation is new. */
export async function scimClient(server: TestServer, given?: string) {
  const tenantId = given ?? (await server.organisation());
  const { token, tokenId } = await createScimToken(
    { tenantId, name: 'idp' },
    { owner: server.db.owner, clock: server.clock.read },
  );
  const call = (method: Method, path: string, payload?: unknown, headers: Headers = {}) =>
    server.app.inject({
      method,
      url: `/scim/v2${path}`,
      headers: {
        authorization: `Bearer ${token}`,
        ...(payload === undefined ? {} : { 'content-type': 'application/scim+json' }),
        ...headers,
      },
      ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }),
    });
  const create = async (path: string, payload: object) => {
    const reply = await call('POST', path, payload);
    expect([reply.statusCode, reply.json().detail]).toEqual([201, undefined]);
    return reply.json();
  };
  return {
    tenantId,
    token,
    tokenId,
    call,
    get: (path: string, headers?: Headers) => call('GET', path, undefined, headers),
    patch: (path: string, ...operations: object[]) =>
      call('PATCH', path, { schemas: [PATCH_OP], Operations: operations }),
    /** Creates a user. Returns the resource in the answer. */
    createUser: (user: object | string) =>
      create('/Users', {
        schemas: [USER],
        ...(typeof user === 'string' ? { userName: user } : user),
      }),
    createGroup: (displayName: string, members: string[] = [], more: object = {}) =>
      create('/Groups', {
        schemas: [GROUP],
        displayName,
        members: members.map((value) => ({ value })),
        ...more,
      }),
    /** The resources of a list. */
    list: async (path: string): Promise<Record<string, never>[]> => {
      const reply = await call('GET', path);
      expect(reply.statusCode).toBe(200);
      return reply.json().Resources;
    },
  };
}
export type ScimClient = Awaited<ReturnType<typeof scimClient>>;

/** Asserts that the reply is exactly an error of RFC 7644, section 3.12. Returns its detail. */
export function expectScimError(reply: LightMyRequestResponse, status: number, scimType?: string): string {
  expect([reply.statusCode, reply.body]).toEqual([status, expect.anything()]);
  expect(reply.headers['content-type']).toMatch(/^application\/scim\+json/);
  expect(reply.headers['cache-control']).toBe('no-store');
  expect(reply.headers.correlationid).toMatch(/^[\x21-\x7e]{1,128}$/);
  if (status === 401) expect(reply.headers['www-authenticate']).toMatch(/^Bearer realm="rollcall"/);
  if (reply.raw.req.method === 'HEAD') return '';
  const { scimType: actual, ...body } = reply.json();
  expect(body).toEqual({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    detail: expect.stringMatching(/\S/),
  });
  if (status !== 400 || scimType) expect(actual).toBe(scimType);
  return body.detail;
}
