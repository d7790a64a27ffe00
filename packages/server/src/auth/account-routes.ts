import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { accountSubject } from '../http/audit/entry.ts';
import { Page, PageQuery, pageOf, readLimit, searchDescription, wordsFilter } from '../http/bulk.ts';
import { HttpProblem, malformedMember } from '../http/errors.ts';
import { Maybe, problems } from '../http/schema.ts';
import { textFault } from '../http/text.ts';
import type { ACCOUNT_ROLES } from '../store/auth/account-roles.ts';
import {
  changeAccountRole,
  listAccounts,
  lockAccount,
  type OrganisationAccount,
} from '../store/auth/accounts.ts';
import { endSessions, listSessions } from '../store/auth/sessions.ts';
import type { Database, Tx } from '../store/connections/db.ts';
import { fold } from '../store/values/fold.ts';
import { parseGuid } from '../store/values/guid.ts';
import { requireChange, requireOwn, unknownAccount } from './account-problems.ts';
import { checkedName, emailFault } from './account-texts.ts';
import { AccountView, addressText, Role, readAddress, viewOf } from './account-views.ts';
import { logChange } from './credential-routes.ts';
import { callerOf } from './guard.ts';
import { invite, linkAddress, renewLink, type ShownLink } from './manage-accounts.ts';
import { CONFIG } from './management.ts';
import { ListedSessionView, listedSessions } from './session-views.ts';

export interface AccountRoutesOptions {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
  publicUrl: string | undefined;
}

const LinkView = Type.Object({
  token: Type.String({ description: 'one-time token, shown only now' }),
  link: Type.String({ description: 'address to open; a path if the public URL of the server is not set' }),
  expiresAt: Type.String({ format: 'date-time' }),
});

const AccountPath = Type.Object({ accountId: Type.String() });
const DOCUMENTED = { tags: ['Accounts'], security: [{ bearer: [] }] };

/** The people who may sign in to an organisation, for its administrators. */
export const accountRoutes: FastifyPluginAsyncTypebox<AccountRoutesOptions> = async (
  app,
  { database, clock, publicUrl },
) => {
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store');
  });
  const shown = ({ token, expiresAt }: ShownLink) => ({
    token,
    link: linkAddress(token, publicUrl),
    expiresAt: expiresAt.toISOString(),
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/accounts',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'List the accounts of people who may sign in, by e-mail address',
      querystring: Type.Object({
        search: Type.Optional(
          Type.String({
            description: searchDescription(
              'people of whom each of these words is a part of the name or the e-mail address',
            ),
          }),
        ),
        ...PageQuery,
      }),
      response: { 200: Page(AccountView), ...problems(400, 401, 403, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { search, after } = request.query;
      const limit = readLimit(request.query.limit);
      const filter = {
        words: (wordsFilter('search', search) ?? []).map(fold),
        after: readAddress(after),
        limit: limit + 1,
      };
      // PostgreSQL's text cannot hold some texts, and so nobody has such a name.
      const isPossible = filter.words.every((word) => textFault(word) === undefined);
      const rows = isPossible ? await database.inTenant(tenantId, (tx) => listAccounts(tx, filter)) : [];
      const { items, next } = pageOf(rows, { limit }, ({ emailFolded }) => addressText(emailFolded));
      return { items: items.map(viewOf), next };
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/manage/accounts',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Invite a person by e-mail address',
      description:
        'The answer has a one-time link for 7 days. The server sends no mail: send the link to the person. The role ' +
        'counts when the person opens the link and signs in.',
      body: Type.Object({
        email: Type.String(),
        name: Maybe(Type.String({ description: 'name of the person, for a new account' })),
        role: Role,
      }),
      response: {
        201: Type.Object({ account: AccountView, ...LinkView.properties }),
        ...problems(400, 401, 403, 408, 409, 413, 415, 503),
      },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const { email, name = null, role } = request.body;
      const fault = emailFault(email);
      if (fault !== undefined) throw malformedMember('email', fault);
      const invitation = {
        email,
        name: name === null ? null : checkedName(name),
        role: role as (typeof ACCOUNT_ROLES)[number],
      };
      const { account, link } = await database.inTenant(tenantId, async (tx) => {
        const link = await invite(tx, invitation, clock());
        if (!link) {
          throw new HttpProblem(
            409,
            'This person has a role in the organisation already; change the role, or make a new link.',
          );
        }
        const account = await accountOf(tx, link.accountId);
        await app.audit.add(tx, request, 'account.invited', {
          targets: [accountSubject(account)],
          metadata: { role },
        });
        return { link, account };
      });
      logChange(request, 'a person was invited', { changedAccount: link.accountId, role });
      return reply.code(201).send({ account: viewOf(account), ...shown(link) });
    },
  });

  app.route({
    method: 'PATCH',
    url: '/v1/manage/accounts/:accountId',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: "Change a person's role",
      params: AccountPath,
      body: Type.Object({ role: Role }),
      response: { 200: AccountView, ...problems(400, 401, 403, 404, 408, 409, 413, 415, 503) },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const accountId = accountIdOf(request.params);
      const role = request.body.role as (typeof ACCOUNT_ROLES)[number];
      const account = await database.inTenant(tenantId, async (tx) => {
        requireChange(await changeAccountRole(tx, accountId, role));
        const account = await accountOf(tx, accountId);
        await app.audit.add(tx, request, 'account.role-changed', {
          targets: [accountSubject(account)],
          metadata: { role },
        });
        return account;
      });
      logChange(request, 'a role was changed', { changedAccount: accountId, role });
      return viewOf(account);
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/manage/accounts/:accountId',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Remove a person from the organisation, at once',
      description:
        'An account that belongs to no other organisation is deleted. What it wrote keeps its e-mail address.',
      params: AccountPath,
      response: { 204: Type.Null(), ...problems(401, 403, 404, 409, 503) },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const accountId = accountIdOf(request.params);
      await database.inTenant(tenantId, async (tx) => {
        const [account] = await listAccounts(tx, { accountId });
        requireChange(await changeAccountRole(tx, accountId, null));
        const targets = account ? [accountSubject(account)] : [];
        await app.audit.add(tx, request, 'account.removed', { targets, metadata: {} });
      });
      logChange(request, 'a person was removed', { changedAccount: accountId });
      return reply.code(204).send(null);
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/manage/accounts/:accountId/link',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Make a new invitation, or a link by which the person sets another password',
      description: 'The former link of the same kind no longer works.',
      params: AccountPath,
      response: { 201: LinkView, ...problems(401, 403, 404, 409, 503) },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const accountId = accountIdOf(request.params);
      const link = await database.inTenant(tenantId, async (tx) => {
        const renewed = await renewLink(tx, accountId, clock());
        requireOwn(renewed.belongs);
        const targets = [accountSubject(await accountOf(tx, accountId))];
        await app.audit.add(tx, request, 'account.link-made', { targets, metadata: {} });
        return renewed;
      });
      logChange(request, 'a link for an account was made', { changedAccount: accountId });
      return reply.code(201).send(shown(link));
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/manage/accounts/:accountId/sessions',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: "List a person's sessions, the newest first",
      params: AccountPath,
      response: {
        200: Type.Object({ items: Type.Array(ListedSessionView) }),
        ...problems(401, 403, 404, 409, 503),
      },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const accountId = accountIdOf(request.params);
      const rows = await database.inTenant(tenantId, async (tx) => {
        requireOwn(await lockAccount(tx, accountId));
        return listSessions(tx, accountId);
      });
      return { items: listedSessions(rows, clock(), request.session?.sessionId) };
    },
  });

  app.route({
    method: 'DELETE',
    url: '/v1/manage/accounts/:accountId/sessions',
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: "End all of a person's sessions, at once",
      params: AccountPath,
      response: { 204: Type.Null(), ...problems(401, 403, 404, 409, 503) },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const accountId = accountIdOf(request.params);
      await database.inTenant(tenantId, async (tx) => {
        requireOwn(await lockAccount(tx, accountId));
        await endSessions(tx, accountId, null);
        const targets = [accountSubject(await accountOf(tx, accountId))];
        await app.audit.add(tx, request, 'session.ended', { targets, metadata: { sessions: 'all' } });
      });
      logChange(request, 'the sessions of an account were ended', { changedAccount: accountId });
      return reply.code(204).send(null);
    },
  });
};

function accountIdOf({ accountId }: { accountId: string }): string {
  const guid = parseGuid(accountId);
  if (!guid) throw unknownAccount();
  return guid;
}

async function accountOf(tx: Tx, accountId: string): Promise<OrganisationAccount> {
  const [account] = await listAccounts(tx, { accountId });
  if (!account) throw unknownAccount();
  return account;
}
