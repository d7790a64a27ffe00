import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { callerOf } from '../../auth/guard.ts';
import { BULK_BODY_LIMIT_BYTES, BulkReply, BulkRequest } from '../../http/bulk.ts';
import { etagOf, requireMatch } from '../../http/etag.ts';
import { problems } from '../../http/schema.ts';
import { inTenantWithRetries } from '../../store/connections/conflict.ts';
import type { Tx } from '../../store/connections/db.ts';
import { lockDirectory } from '../../store/connections/directory-lock.ts';
import {
  DESK_PRESENCE,
  listOfficeSettings,
  type OfficeSettingsRow,
  PRESENCE_REPORTING,
} from '../../store/directory/office-settings.ts';
import { parseGuid } from '../../store/values/guid.ts';
import {
  BULK_PROBLEMS,
  bulkReply,
  CONFIG,
  changesIn,
  DOCUMENTED,
  IF_MATCH,
  type ManageDeps,
  notFoundProblem,
  onlyResult,
  PATCH_PROBLEMS,
  READ_PROBLEMS,
} from './common.ts';
import { changeOfficeSettings, SettingsChange, SettingsItem } from './office-settings.ts';
import { changeOrganisation, Organisation, OrganisationChange, readOrganisation } from './organisation.ts';

const Settings = Type.Object({
  locationId: Type.String({ format: 'uuid' }),
  locationName: Type.String(),
  horizonDays: Type.Integer(),
  presenceReporting: Type.String({ enum: [...PRESENCE_REPORTING] }),
  deskPresence: Type.String({ enum: [...DESK_PRESENCE] }),
  releaseAssignedDesks: Type.Boolean(),
  horizonReached: Type.Union([Type.String(), Type.Null()], {
    description:
      'the last day, YYYY-MM-DD, for which the server made plans from week plans; null before the first',
  }),
});
const PARAMS = Type.Object({ locationId: Type.String() });
const URL = '/v1/manage/locations/:locationId/settings';
const ORGANISATION_URL = '/v1/manage/organisation';

/** The settings of offices and of the organisation. */
export const settingsRoutes: FastifyPluginAsyncTypebox<ManageDeps> = async (app, deps) => {
  const { database, writeQueue } = deps;

  app.route({
    method: 'GET',
    url: URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Read the settings of an office',
      params: PARAMS,
      response: { 200: Settings, ...READ_PROBLEMS },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const { locationId } = request.params;
      const settings = await database.inTenant(tenantId, (tx) => getSettings(tx, tenantId, locationId));
      reply.header('etag', versionOf(settings));
      return settings;
    },
  });

  app.route({
    method: 'PATCH',
    url: URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Change the settings of an office',
      description:
        'With the header If-Match and the ETag of the settings, the server changes only that version.',
      params: PARAMS,
      headers: IF_MATCH,
      body: SettingsChange,
      response: { 200: Settings, ...PATCH_PROBLEMS },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const changed = await writeQueue.take(tenantId, () =>
        inTenantWithRetries(database, tenantId, async (tx) => {
          // The settings must not change between the comparison of their version and the change.
          if (request.headers['if-match'] !== undefined) await lockDirectory(tx, tenantId);
          const settings = await getSettings(tx, tenantId, request.params.locationId);
          requireMatch(request, versionOf(settings));
          const { locationId } = settings;
          onlyResult(await changeOfficeSettings(tx, tenantId, [{ ...request.body, locationId }]));
          await app.audit.add(tx, request, 'settings.changed', {
            metadata: { of: 'office', locationId, members: Object.keys(request.body) },
          });
          return getSettings(tx, tenantId, locationId);
        }),
      );
      reply.header('etag', versionOf(changed));
      return changed;
    },
  });

  app.route({
    method: 'POST',
    url: '/v1/manage/office-settings',
    config: CONFIG,
    bodyLimit: BULK_BODY_LIMIT_BYTES,
    schema: {
      ...DOCUMENTED,
      summary: 'Change the settings of offices',
      body: BulkRequest(SettingsItem),
      response: { 200: BulkReply, ...BULK_PROBLEMS },
    },
    handler: async (request) => {
      const { tenantId } = callerOf(request);
      const { items } = request.body;
      const results = await writeQueue.take(tenantId, () =>
        inTenantWithRetries(database, tenantId, async (tx) => {
          const results = await changeOfficeSettings(tx, tenantId, items);
          const members = [...new Set(items.flatMap((item) => Object.keys(item)))];
          if (changesIn(results) > 0)
            await app.audit.add(tx, request, 'settings.changed', {
              metadata: { of: 'offices', locationId: null, members },
            });
          return results;
        }),
      );
      return bulkReply(results, deps);
    },
  });

  app.route({
    method: 'GET',
    url: ORGANISATION_URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Read the organisation and its settings',
      response: { 200: Organisation, ...problems(401, 403, 503) },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const organisation = await database.inTenant(tenantId, (tx) => readOrganisation(tx, tenantId));
      reply.header('etag', etagOf(organisation));
      return organisation;
    },
  });

  app.route({
    method: 'PATCH',
    url: ORGANISATION_URL,
    config: CONFIG,
    schema: {
      ...DOCUMENTED,
      summary: 'Change the organisation and its settings',
      description:
        'With the header If-Match and the ETag of the organisation, the server changes only that version.',
      headers: IF_MATCH,
      body: OrganisationChange,
      response: { 200: Organisation, ...BULK_PROBLEMS, ...problems(412) },
    },
    handler: async (request, reply) => {
      const { tenantId } = callerOf(request);
      const changed = await writeQueue.take(tenantId, () =>
        inTenantWithRetries(database, tenantId, async (tx) => {
          // The settings must not change between the comparison of their version and the change.
          if (request.headers['if-match'] !== undefined) await lockDirectory(tx, tenantId);
          requireMatch(request, etagOf(await readOrganisation(tx, tenantId)));
          await changeOrganisation(tx, tenantId, request.body);
          await app.audit.add(tx, request, 'settings.changed', {
            metadata: { of: 'organisation', locationId: null, members: Object.keys(request.body) },
          });
          return readOrganisation(tx, tenantId);
        }),
      );
      reply.header('etag', etagOf(changed));
      return changed;
    },
  });
};

/** The entity tag of settings. What the horizon engine has reached is no change of them. */
function versionOf({ horizonReached: _, ...settings }: OfficeSettingsRow): string {
  return etagOf(settings);
}

/** Throws a 404 if there is no such office. */
async function getSettings(tx: Tx, tenantId: string, text: string): Promise<OfficeSettingsRow> {
  const locationId = parseGuid(text);
  const [settings] = await listOfficeSettings(tx, tenantId, locationId === undefined ? [] : [locationId]);
  if (!settings) throw notFoundProblem('location');
  return settings;
}
