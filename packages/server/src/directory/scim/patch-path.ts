import { wrong } from './errors.ts';
import { type Filter, parseBare, takeLiterals } from './filter.ts';
import { ENTERPRISE_SCHEMA, GROUP_SCHEMA, USER_SCHEMA } from './schemas.ts';

/** What the path of an operation means, RFC 7644 section 3.5.2, figure 7. Names are as they were written. */
export interface PatchPath {
  /** It is of the enterprise extension. */
  isEnterprise: boolean;
  /** undefined: the extension as a whole. */
  attribute: string | undefined;
  /** Which values of an attribute that has several. */
  filter: Filter | undefined;
  subAttribute: string | undefined;
}

const NAME = '[a-z$][\\w$-]*';
const PATH = new RegExp(`^(${NAME})(?:\\[([^\\]]*)\\])?(?:\\.(${NAME}))?$`, 'is');

/** Reads a path; undefined where it is of a schema that is not kept here. Throws a 400. */
export function parsePath(source: string): PatchPath | undefined {
  const { text, literals } = takeLiterals(source.trim(), 'invalidPath');
  const isEnterprise = startsWith(text, ENTERPRISE_SCHEMA);
  if (isEnterprise && text.length === ENTERPRISE_SCHEMA.length) {
    return { isEnterprise, attribute: undefined, filter: undefined, subAttribute: undefined };
  }
  const schema = [ENTERPRISE_SCHEMA, USER_SCHEMA, GROUP_SCHEMA].find((each) => startsWith(text, `${each}:`));
  const rest = schema === undefined ? text : text.slice(schema.length + 1);
  if (schema === undefined && startsWith(text, 'urn:')) return undefined;
  const [, attribute, filter, subAttribute] = PATH.exec(rest) ?? [];
  if (attribute === undefined) throw wrong('invalidPath', 'The path of an operation cannot be read.');
  return {
    isEnterprise,
    attribute,
    filter: filter === undefined ? undefined : parseBare({ text: filter, literals }),
    subAttribute,
  };
}

function startsWith(text: string, prefix: string): boolean {
  return text.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase();
}
