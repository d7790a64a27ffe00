import { Messages, Types } from 'scimmy';
import { HttpProblem } from '../../http/errors.ts';
import { attributeOf, type Document, isDocument } from './document.ts';
import { type ScimType, wrong } from './errors.ts';

/** One operation of RFC 7644 section 3.5.2. */
export interface Operation {
  op: 'add' | 'remove' | 'replace';
  /** undefined: `value` has the attributes by name. */
  path: string | undefined;
  value: unknown;
}

const MOST_OPERATIONS = 1_000;

/** Reads the body of a PATCH. Operations are told without regard to case: Entra ID writes `Add`. Throws a 400 or 413. */
export function readOperations(body: Document): Operation[] {
  const given = attributeOf(body, 'Operations');
  if (Array.isArray(given) && given.length > MOST_OPERATIONS) {
    throw new HttpProblem(413, `There are more than ${MOST_OPERATIONS} operations; send fewer per call.`);
  }
  const operations = Array.isArray(given)
    ? given.map((each) => {
        if (!isDocument(each)) throw wrong('invalidSyntax', 'Operations must be objects.');
        return {
          op: attributeOf(each, 'op'),
          path: attributeOf(each, 'path'),
          value: attributeOf(each, 'value'),
        };
      })
    : given;
  return checked(attributeOf(body, 'schemas'), operations).map(({ op, path, value }) => ({
    op: op.toLowerCase() as Operation['op'],
    path,
    value,
  }));
}

/** The library's own judgement of the message. */
function checked(schemas: unknown, operations: unknown): { op: string; path?: string; value?: unknown }[] {
  try {
    const message = { schemas: Array.isArray(schemas) ? schemas : [], Operations: operations ?? [] };
    return new Messages.PatchOp(message as never).Operations as never;
  } catch (error) {
    if (!(error instanceof Types.Error)) throw error;
    throw wrong(error.scimType as Exclude<ScimType, 'uniqueness'>, `${error.message}.`);
  }
}
