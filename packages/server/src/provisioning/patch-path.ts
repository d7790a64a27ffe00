import { wrong } from './errors.ts';
import { type Filter, parseBare, takeLiterals } from './filter.ts';
import type { Attribute, Attributes, Vocabulary } from './vocabulary.ts';

/** The parsed path of an operation, RFC 7644 section 3.5.2, figure 7. */
export interface PatchPath {
  /** Whether the path belongs to the enterprise extension. */
  isEnterprise: boolean;
  /** Undefined: all attributes of the schema. */
  attribute: Attribute | undefined;
  /** Selects values of a multi-valued attribute. */
  filter: Filter | undefined;
  /** In the spelling of the attribute's `parts`. */
  subAttribute: string | undefined;
}

const NAME = '[a-z$][\\w$-]*';
const PATH = new RegExp(`^(${NAME})(?:\\[([^\\]]*)\\])?(?:\\.(${NAME}))?$`, 'is');

/**
 * Reads a path. A schema's URN before an attribute ends with a colon, as in the RFC, or with a dot. Case does not
 * matter. Throws a 400 that names the path, also if the resource has no such attribute.
 */
export function parsePath(source: string, vocabulary: Vocabulary): PatchPath {
  const { text, literals } = takeLiterals(source.trim(), 'invalidPath');
  const { rest, isEnterprise, attributes } = splitSchema(text, source, vocabulary);
  if (rest === undefined) {
    return { isEnterprise, attribute: undefined, filter: undefined, subAttribute: undefined };
  }
  const [, name, filter, part] = PATH.exec(rest) ?? [];
  if (name === undefined) throw wrong('invalidPath', `The path ${shown(source)} cannot be read.`);
  const attribute = attributes.get(name.toLowerCase());
  if (!attribute) throw unknown(source, name);
  const subAttribute =
    part === undefined
      ? undefined
      : attribute.parts.find((each) => each.toLowerCase() === part.toLowerCase());
  if (part !== undefined && subAttribute === undefined) throw unknown(source, `${attribute.name}.${part}`);
  if (filter === undefined) return { isEnterprise, attribute, filter, subAttribute };
  if (!attribute.isMultiValued) {
    throw wrong(
      'invalidPath',
      `The path ${shown(source)}: ${attribute.name} has one value, so it supports no filter.`,
    );
  }
  return { isEnterprise, attribute, filter: readFilter(filter, literals, source, attribute), subAttribute };
}

function splitSchema(text: string, source: string, { core, enterprise }: Vocabulary) {
  for (const each of enterprise ? [enterprise, core] : [core]) {
    const { schema, attributes } = each;
    if (text.slice(0, schema.length).toLowerCase() !== schema.toLowerCase()) continue;
    const isEnterprise = each === enterprise;
    if (text.length === schema.length) return { rest: undefined, isEnterprise, attributes };
    if (/[:.]/.test(text.charAt(schema.length))) {
      return { rest: text.slice(schema.length + 1), isEnterprise, attributes };
    }
  }
  if (/^urn:/i.test(text))
    throw wrong('invalidPath', `The path ${shown(source)} has a schema that the server does not store.`);
  return { rest: text, isEnterprise: false, attributes: core.attributes as Attributes };
}

function readFilter(text: string, literals: string[], source: string, attribute: Attribute): Filter {
  const filter = parseBare({ text, literals });
  const known = new Set(attribute.parts.map((part) => part.toLowerCase()));
  const unknownTerm = filter.flat().find((term) => !known.has(term.attribute));
  if (!unknownTerm) return filter;
  throw wrong(
    'invalidFilter',
    `The path ${shown(source)}: ${attribute.name} has no ${unknownTerm.attribute}.`,
  );
}

/** Cut later than other values in messages, because the attribute comes after a long URN. */
function shown(source: string): string {
  return JSON.stringify(source.length > 200 ? `${source.slice(0, 200)}…` : source);
}

/** Whether a name begins with a URN that is not one of the resource's schemas. */
export function isOfOtherSchema(name: string, { core, enterprise }: Vocabulary): boolean {
  const folded = name.toLowerCase();
  const schemas = [core, enterprise].flatMap((each) => each?.schema.toLowerCase() ?? []);
  return (
    folded.startsWith('urn:') && !schemas.some((schema) => /^(?:[:.]|$)/.test(startAfter(folded, schema)))
  );
}

function startAfter(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : '-';
}

function unknown(source: string, name: string) {
  return wrong('invalidPath', `The path ${shown(source)}: there is no attribute ${name}.`);
}
