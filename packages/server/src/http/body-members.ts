import type { FastifyInstance } from 'fastify';

/** On these paths, an ignored member would change or select something else than the caller wants. */
const REFUSES_UNKNOWN = /^\/v1\/manage\//;

/** The members of a JSON schema that this file reads. */
interface Schema {
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
  items?: Schema;
  anyOf?: Schema[];
}

/**
 * Below /v1/manage, a member of a body that the schema of the route does not know is a 400. Elsewhere unknown members are
 * ignored, because clients of the vendor send some.
 */
export function refuseUnknownMembers(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const body = route.schema?.body as Schema | undefined;
    if (body && REFUSES_UNKNOWN.test(route.url)) route.schema = { ...route.schema, body: closed(body) };
  });
}

/** The schema without room for members that it does not name. */
function closed(schema: Schema): Schema {
  const { properties, additionalProperties = properties ? false : undefined, items, anyOf } = schema;
  return {
    ...schema,
    ...(properties ? { properties: mapped(properties), additionalProperties } : {}),
    ...(items ? { items: closed(items) } : {}),
    ...(anyOf ? { anyOf: anyOf.map(closed) } : {}),
  };
}

function mapped(properties: Record<string, Schema>): Record<string, Schema> {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, closed(schema)]));
}
