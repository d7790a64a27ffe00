export const SCIM_PREFIX = '/scim/v2';

const SEGMENTS = new Map(
  ['Users', 'Groups', 'ResourceTypes', 'Schemas', 'ServiceProviderConfig', 'Me', 'Bulk', '.search'].map(
    (segment) => [segment.toLowerCase(), segment],
  ),
);

/** Whether a URL is that of SCIM, in any case. */
export function isScimUrl(url: string): boolean {
  return /^\/scim\/v2(?:[/?]|$)/i.test(url);
}

/**
 * The URL of a request in the spelling of the routes. People configure identity providers by hand and write
 * /scim/v2/users for /scim/v2/Users. Any other URL stays as it is.
 */
export function canonicalScimUrl(url: string): string {
  if (url.slice(0, SCIM_PREFIX.length).toLowerCase() !== SCIM_PREFIX) return url;
  const [path = '', ...query] = url.slice(SCIM_PREFIX.length).split('?');
  if (path !== '' && !path.startsWith('/')) return url;
  const segments = path.split('/').map((segment) => SEGMENTS.get(segment.toLowerCase()) ?? segment);
  return [SCIM_PREFIX + segments.join('/'), ...query].join('?');
}
