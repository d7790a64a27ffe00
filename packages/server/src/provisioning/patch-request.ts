import { Messages, Types } from 'scimmy';
import { HttpProblem } from '../http/errors.ts';
import { attributeOf, type Document, isDocument, keyOf, plainText } from './document.ts';
import { type ScimType, wrong } from './errors.ts';

/** One operation of RFC 7644 section 3.5.2. */
export interface Operation {
  op: 'add' | 'remove' | 'replace';
  /** Undefined: `value` is an object with the attributes. */
  path: string | undefined;
  value: unknown;
}

/** What an operation does to the target of its path. */
export type Change = Pick<Operation, 'op' | 'value'>;

const MOST_OPERATIONS = 1_000;

/**
 * Reads the body of a PATCH. The case of `op` does not matter: Entra ID writes `Add`. A single operation counts as a
 * list of one, and an empty path as no path. Throws a 400 or 413.
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
        const op = attributeOf(each, 'op');
        const path = attributeOf(each, 'path');
        // The library makes texts of both, and an object may have no text.
        if (isObjectOrList(op)) throw wrong('invalidSyntax', 'op must be add, remove or replace.');
        if (isObjectOrList(path)) throw wrong('invalidPath', 'path must be a text.');
        return {
          op,
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

const isObjectOrList = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** The value of an operation. Null is a value: it clears. */
function givenValue(operation: Document): unknown {
  const key = keyOf(operation, 'value');
  return key === undefined ? undefined : operation[key];
}

/** Accepts a body without `schemas`. Throws a 400 if `schemas` has only others. */
function requireSchema(schemas: unknown): void {
  const named = [schemas ?? []].flat();
  const isNamed = named.some((each) => plainText(each).toLowerCase() === Messages.PatchOp.id.toLowerCase());
  if (named.length > 0 && !isNamed) {
    throw wrong('invalidSyntax', `The schemas of a PATCH must contain ${Messages.PatchOp.id}.`);
  }
}

/** The operations, checked by the library. Throws a 400. */
function checked(operations: unknown): { op: string; path?: string; value?: unknown }[] {
  try {
    const message = { schemas: [Messages.PatchOp.id], Operations: operations ?? [] };
    return new Messages.PatchOp(message as never).Operations as never;
  } catch (error) {
    if (!(error instanceof Types.Error)) throw error;
    throw wrong(error.scimType as Exclude<ScimType, 'uniqueness'>, `${error.message}.`);
  }
}
