import { Messages, Types } from 'scimmy';
import { HttpProblem } from '../http/errors.ts';
import { attributeOf, type Document, isDocument, keyOf } from './document.ts';
import { type ScimType, wrong } from './errors.ts';

/** One operation of RFC 7644 section 3.5.2. */
export interface Operation {
  op: 'add' | 'remove' | 'replace';
  /** undefined: `value` has the attributes by name. */
  path: string | undefined;
  value: unknown;
}

/** What an operation does to that which its path means. */
export type Change = Pick<Operation, 'op' | 'value'>;

const MOST_OPERATIONS = 1_000;

/**
 * Reads the body of a PATCH. Operations are told without regard to case: Entra ID writes `Add`. One operation without a list is a
 * list of one, and an empty path is none. Throws a 400 or 413.
 */
export function readOperations(body: Document): Operation[] {
  requireSchema(attributeOf(body, 'schemas'));
  const given = attributeOf(body, 'Operations');
  const list = isDocument(given) ? [given] : given;
  if (Array.isArray(list) && list.length > MOST_OPERATIONS) {
    throw new HttpProblem(413, `There are more than ${MOST_OPERATIONS} operations; send fewer per call.`);
  }
  const operations = Array.isArray(list)
    ? list.map((each) => {
        if (!isDocument(each)) throw wrong('invalidSyntax', 'Operations must be objects.');
        const path = attributeOf(each, 'path');
        return {
          op: attributeOf(each, 'op'),
          path: typeof path === 'string' && path.trim() === '' ? undefined : path,
          value: givenValue(each),
        };
      })
    : list;
  return checked(operations).map(({ op, path, value }) => ({
    op: op.toLowerCase() as Operation['op'],
    path,
    value,
  }));
}

/** null is a value: it clears. */
function givenValue(operation: Document): unknown {
  const key = keyOf(operation, 'value');
  return key === undefined ? undefined : operation[key];
}

/** A body that names no schema is taken for what its path says. Throws a 400 where it names only others. */
function requireSchema(schemas: unknown): void {
  const named = [schemas ?? []].flat();
  const isNamed = named.some((each) => String(each).toLowerCase() === Messages.PatchOp.id.toLowerCase());
  if (named.length > 0 && !isNamed) {
    throw wrong('invalidSyntax', `The schemas of a PATCH must have ${Messages.PatchOp.id}.`);
  }
}

/** The library's own judgement of the message. */
function checked(operations: unknown): { op: string; path?: string; value?: unknown }[] {
  try {
    const message = { schemas: [Messages.PatchOp.id], Operations: operations ?? [] };
    return new Messages.PatchOp(message as never).Operations as never;
  } catch (error) {
    if (!(error instanceof Types.Error)) throw error;
    throw wrong(error.scimType as Exclude<ScimType, 'uniqueness'>, `${error.message}.`);
  }
}
