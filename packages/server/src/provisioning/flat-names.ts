import type { Document } from './document.ts';
import { patchPath } from './patch.ts';
import { isOfOtherSchema, parsePath } from './patch-path.ts';
import type { Vocabulary } from './vocabulary.ts';

/** A flat name is a path, as Entra ID writes it: `URN:attribute`, `URN.attribute`, `name.givenName`. */
const FLAT = /[.:[]/;

/**
 * The body of a POST or PUT with the values of flat names moved to their attributes. A name of an unknown schema has
 * no effect, as any unknown member of a body. Throws a 400 if a known schema or attribute has no such part.
 */
export function withoutFlatNames(body: Document, vocabulary: Vocabulary): Document {
  const extension = vocabulary.enterprise?.schema.toLowerCase();
  const flat = Object.keys(body).filter((name) => FLAT.test(name) && name.toLowerCase() !== extension);
  if (flat.length === 0) return body;
  const others = Object.entries(body).filter(([name]) => !flat.includes(name));
  const document = structuredClone(Object.fromEntries(others));
  for (const name of flat.filter((each) => isKnown(each, vocabulary))) {
    const path = parsePath(name, vocabulary);
    const value = body[name];
    const isAbsent = value === null && !path.isEnterprise;
    if (!isAbsent && !path.attribute?.isReadOnly) patchPath(document, path, { op: 'add', value }, vocabulary);
  }
  return document;
}

function isKnown(name: string, vocabulary: Vocabulary): boolean {
  if (/^urn:/i.test(name)) return !isOfOtherSchema(name, vocabulary);
  return vocabulary.core.attributes.has((/^[^.:[]*/.exec(name)?.[0] ?? '').toLowerCase());
}
