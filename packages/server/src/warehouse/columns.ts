import { type TSchema, Type } from 'typebox';

/** Where a column comes from: stated by the vendor, or ours. */
export type Provenance = 'doc' | 'ours';

/** A column of a dataset. Its type says whether it may be null; an optional one is absent where it is unknown. */
export interface Column {
  schema: TSchema;
  provenance: Provenance;
  optional?: true;
}

const describe = (description: string) => (description ? { description } : {});
const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);

type Make = (provenance: Provenance, description?: string) => Column;

/** The types that columns are made of. Ids are GUIDs; instants and days are ISO 8601 in UTC. */
export const column = {
  id: (provenance, description = '') => ({
    schema: Type.String({ format: 'uuid', ...describe(description) }),
    provenance,
  }),
  maybeId: (provenance, description = '') => ({
    schema: nullable(Type.String({ format: 'uuid', ...describe(description) })),
    provenance,
  }),
  text: (provenance, description = '') => ({ schema: Type.String(describe(description)), provenance }),
  maybeText: (provenance, description = '') => ({
    schema: nullable(Type.String(describe(description))),
    provenance,
  }),
  maybeInteger: (provenance, description = '') => ({
    schema: nullable(Type.Integer(describe(description))),
    provenance,
  }),
  maybeNumber: (provenance, description = '') => ({
    schema: nullable(Type.Number(describe(description))),
    provenance,
  }),
  maybeObject: (provenance, description = '') => ({
    schema: nullable(Type.Object({}, { additionalProperties: true, ...describe(description) })),
    provenance,
  }),
  boolean: (provenance, description = '') => ({ schema: Type.Boolean(describe(description)), provenance }),
  instant: (provenance, description = '') => ({
    schema: Type.String({ ...describe(description), examples: ['2026-01-31T09:00:00.000Z'] }),
    provenance,
  }),
  day: (provenance, description = "the office's local day") => ({
    schema: Type.String({ description, examples: ['2026-01-31T00:00:00.000Z'] }),
    provenance,
  }),
} as const satisfies Record<string, Make>;

/** The column, absent where it does not apply. */
export function optional(of: Column): Column {
  return { ...of, optional: true };
}

/** A column whose values are these. */
export function oneOf(
  values: readonly string[] | readonly number[],
  provenance: Provenance,
  description = '',
): Column {
  const options = { enum: [...values], ...describe(description) };
  return { schema: typeof values[0] === 'number' ? Type.Integer(options) : Type.String(options), provenance };
}
