/** Whether an If-Match or If-None-Match lists an entity tag; weak and strong ones of one value are the same here. */
export function listsTag(header: string, etag: string): boolean {
  const opaque = (tag: string) => tag.trim().replace(/^W\//, '');
  return header.trim() === '*' || header.split(',').some((tag) => opaque(tag) === opaque(etag));
}

/** Whether the client has this version already, by its If-None-Match. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch !== undefined && listsTag(ifNoneMatch, etag);
}
