import { type TSchema, Type } from 'typebox';

/** Who defines a column: the vendor's documentation (`doc`), or Rollcall (`ours`). */
export type Provenance = 'doc' | 'ours';

/** The type of a column's values, in every format: texts, or numbers, booleans and objects as in JSON. */
export type ColumnType =
  | 'id'
  | 'text'
  | 'enum'
  | 'instant'
  | 'day'
  | 'integer'
  | 'integerEnum'
  | 'number'
  | 'boolean'
  | 'object';

/** A column of a dataset. */
export interface Column {
  /** The JSON schema of a value, null included. */
  schema: TSchema;
  type: ColumnType;
  provenance: Provenance;
  /** An unknown value is absent, not null. */
  optional?: true;
  /**
   * The member of a row whose object has the value, if the row does not have it itself. Many rows share this object,
   * for example the node of events.
   */
  part?: string;
}

const describe = (description: string) => (description ? { description } : {});
const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);

type Make = (provenance: Provenance, description?: string) => Column;

/** Functions that make columns of each type. Ids are GUIDs. Instants and days are ISO 8601 in UTC. */
export const column = {
  id: (provenance, description = '') => ({
    schema: Type.String({ format: 'uuid', ...describe(description) }),
    type: 'id',
    provenance,
  }),
  maybeId: (provenance, description = '') => ({
    schema: nullable(Type.String({ format: 'uuid', ...describe(description) })),
    type: 'id',
    provenance,
  }),
  text: (provenance, description = '') => ({
    schema: Type.String(describe(description)),
    type: 'text',
    provenance,
  }),
  maybeText: (provenance, description = '') => ({
    schema: nullable(Type.String(describe(description))),
    type: 'text',
    provenance,
  }),
  integer: (provenance, description = '') => ({
    schema: Type.Integer(describe(description)),
    type: 'integer',
    provenance,
  }),
  maybeInteger: (provenance, description = '') => ({
    schema: nullable(Type.Integer(describe(description))),
    type: 'integer',
    provenance,
  }),
  maybeNumber: (provenance, description = '') => ({
    schema: nullable(Type.Number(describe(description))),
    type: 'number',
    provenance,
  }),
  number: (provenance, description = '') => ({
    schema: Type.Number(describe(description)),
    type: 'number',
    provenance,
  }),
  maybeObject: (provenance, description = '') => ({
    schema: nullable(Type.Object({}, { additionalProperties: true, ...describe(description) })),
    type: 'object',
    provenance,
  }),
  objects: (provenance, description = '') => ({
    schema: Type.Array(Type.Object({}, { additionalProperties: true }), describe(description)),
    type: 'object',
    provenance,
  }),
  boolean: (provenance, description = '') => ({
    schema: Type.Boolean(describe(description)),
    type: 'boolean',
    provenance,
  }),
  instant: (provenance, description = '') => ({
    schema: Type.String({ ...describe(description), examples: ['2026-01-31T09:00:00.000Z'] }),
    type: 'instant',
    provenance,
  }),
  day: (provenance, description = "the office's local day") => ({
    schema: Type.String({ description, examples: ['2026-01-31T00:00:00.000Z'] }),
    type: 'day',
    provenance,
  }),
} as const satisfies Record<string, Make>;

/** The column, whose value is absent if it does not apply. */
export function optional(of: Column): Column {
  return { ...of, optional: true };
}

/** Columns whose values are in an object that rows share, in their member `part`. */
export function shared<Columns extends Record<string, Column>>(part: string, columns: Columns): Columns {
  return Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, { ...column, part }]),
  ) as Columns;
}

/** A column with only these values. */
export function oneOf(
  values: readonly string[] | readonly number[],
  provenance: Provenance,
  description = '',
): Column {
  const options = { enum: [...values], ...describe(description) };
  return typeof values[0] === 'number'
    ? { schema: Type.Integer(options), type: 'integerEnum', provenance }
    : { schema: Type.String(options), type: 'enum', provenance };
}
