import { ACCOUNT_ROLES, type AccountRole } from '../store/auth/account-roles.ts';

/**
 * The roles that a claim names, by the slug of the organisation. The claim is a list of texts such as `acme:planner`, or
 * one text with commas or blanks between them. Other texts are ignored, because a claim of groups has many. Of several
 * roles in an organisation, the first of `ACCOUNT_ROLES` counts.
 */
export function claimedRoles(claim: unknown): Record<string, AccountRole> {
  const texts = typeof claim === 'string' ? claim.split(/[\s,]+/) : Array.isArray(claim) ? claim : [];
  const named = texts.flatMap((text) => {
    if (typeof text !== 'string') return [];
    const [slug, name, ...rest] = text.split(':');
    const rank = ACCOUNT_ROLES.indexOf(name as AccountRole);
    return slug && rank >= 0 && rest.length === 0 ? [{ slug, rank }] : [];
  });
  // The last entry of a name counts, so the first role comes last.
  const ordered = named.sort((a, b) => b.rank - a.rank);
  return Object.fromEntries(ordered.map(({ slug, rank }) => [slug, ACCOUNT_ROLES[rank] as AccountRole]));
}
