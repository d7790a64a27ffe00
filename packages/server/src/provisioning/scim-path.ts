export const SCIM_PREFIX = '/scim/v2';

const SEGMENTS = new Map(
  ['Users', 'Groups', 'ResourceTypes', 'Schemas', 'ServiceProviderConfig', 'Me', 'Bulk', '.search'].map(
    (segment) => [segment.toLowerCase(), segment],
  ),
);

/**
 * The address of a request as the routes have it: identity providers are configured by hand, and /scim/v2/users is meant for
 * /scim/v2/Users. Any other address is itself.
 */
export function canonicalScimUrl(url: string): string {
  if (url.slice(0, SCIM_PREFIX.length).toLowerCase() !== SCIM_PREFIX) return url;
  const [path = '', ...query] = url.slice(SCIM_PREFIX.length).split('?');
  if (path !== '' && !path.startsWith('/')) return url;
  const segments = path.split('/').map((segment) => SEGMENTS.get(segment.toLowerCase()) ?? segment);
  return [SCIM_PREFIX + segments.join('/'), ...query].join('?');
}
