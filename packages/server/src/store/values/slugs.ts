/** Addresses of the console that name no organisation. No organisation may have such a slug. */
export const RESERVED_SLUGS: readonly string[] = ['sign-in', 'set-up', 'assets'];

export const LONGEST_SLUG = 63;

/** Why a text cannot be the slug of an organisation, as the rest of a sentence; undefined if it can be one. */
export function slugFault(slug: string): string | undefined {
  if (slug.length > LONGEST_SLUG || !/^[a-z0-9][a-z0-9-]*$/.test(slug)) {
    return `is not a slug: use lower-case letters, digits and hyphens, ${LONGEST_SLUG} at most`;
  }
  return RESERVED_SLUGS.includes(slug) ? 'is an address of the console; choose another slug' : undefined;
}
