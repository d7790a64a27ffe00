import { HttpProblem } from '../http/errors.ts';
import type { Document } from './document.ts';
import { MOST_RESULTS } from './list.ts';
import {
  ENTERPRISE_SCHEMA,
  GROUP_PATH,
  GROUP_SCHEMA,
  SCHEMA_DEFINITIONS,
  USER_PATH,
  USER_SCHEMA,
} from './schemas.ts';

/** RFC 7643 section 5. */
export function serviceProviderConfig(baseUrl: string): Document {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
    patch: { supported: true },
    bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
    filter: { supported: true, maxResults: MOST_RESULTS },
    changePassword: { supported: false },
    sort: { supported: false },
    etag: { supported: true },
    authenticationSchemes: [
      {
        type: 'oauthbearertoken',
        name: 'OAuth Bearer Token',
        description: 'A token from "rollcall scim-tokens", or an access token of a key with All permissions',
        specUri: 'https://www.rfc-editor.org/info/rfc6750',
        primary: true,
      },
    ],
    meta: { resourceType: 'ServiceProviderConfig', location: `${baseUrl}/ServiceProviderConfig` },
  };
}

/** RFC 7643 section 6. */
export function resourceTypes(baseUrl: string): Document[] {
  const type = (name: string, endpoint: string, schema: string, description: string): Document => ({
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id: name,
    name,
    endpoint,
    description,
    schema,
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${name}` },
  });
  return [
    {
      ...type('User', USER_PATH, USER_SCHEMA, 'Users'),
      schemaExtensions: [{ schema: ENTERPRISE_SCHEMA, required: false }],
    },
    type('Group', GROUP_PATH, GROUP_SCHEMA, 'Groups that an identity provider manages'),
  ];
}

/** RFC 7643 section 7. */
export function schemas(baseUrl: string): Document[] {
  return SCHEMA_DEFINITIONS.map((definition) => ({ ...definition.describe(`${baseUrl}/Schemas`) }));
}

/** The document with this id, without regard to case. Throws a 404. */
export function withId(documents: Document[], id: string): Document {
  const found = documents.find((document) => String(document.id).toLowerCase() === id.toLowerCase());
  if (!found) throw new HttpProblem(404, 'There is nothing with this id.');
  return found;
}
