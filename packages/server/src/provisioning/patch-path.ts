import { wrong } from './errors.ts';
import { type Filter, parseBare, takeLiterals } from './filter.ts';
import type { Attribute, Attributes, Vocabulary } from './vocabulary.ts';

/** What the path of an operation means, RFC 7644 section 3.5.2, figure 7. */
export interface PatchPath {
  /** It is of the enterprise extension. */
  isEnterprise: boolean;
  /** undefined: all that the schema has. */
  attribute: Attribute | undefined;
  /** Which values of an attribute that has several. */
  filter: Filter | undefined;
  /** As the attribute has it among its `parts`. */
  subAttribute: string | undefined;
}

const NAME = '[a-z$][\\w$-]*';
const PATH = new RegExp(`^(${NAME})(?:\\[([^\\]]*)\\])?(?:\\.(${NAME}))?$`, 'is');

/**
 * Reads a path. A schema's URN before an attribute ends with a colon, as in the RFC, or with a dot. Names have no case. Throws a
 * 400 that names the path, also where the resource has no such attribute.
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
      `The path ${shown(source)}: ${attribute.name} has one value, so it takes no filter.`,
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
    throw wrong('invalidPath', `The path ${shown(source)} is of a schema that is not kept here.`);
  return { rest: text, isEnterprise: false, attributes: core.attributes as Attributes };
}

function readFilter(text: string, literals: string[], source: string, attribute: Attribute): Filter {
  const filter = parseBare({ text, literals });
  const known = new Set(attribute.parts.map((part) => part.toLowerCase()));
  const stranger = filter.flat().find((term) => !known.has(term.attribute));
  if (!stranger) return filter;
  throw wrong('invalidFilter', `The path ${shown(source)}: ${attribute.name} has no ${stranger.attribute}.`);
}

/** Longer than a value is shown elsewhere: the attribute stands at the end of a schema's URN. */
function shown(source: string): string {
  return JSON.stringify(source.length > 200 ? `${source.slice(0, 200)}…` : source);
}

/** Whether a name begins with a URN that is none of the schemas of the resource. */
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
