/** The way to a value in a body: names of members and indexes of items. */
export type Pointer = (string | number)[];

/** The ways to all values of a body, its containers included. */
export function pointersOf(value: unknown, at: Pointer = []): Pointer[] {
  if (value === null || typeof value !== 'object') return [at];
  const inner = Array.isArray(value)
    ? value.flatMap((item, index) => pointersOf(item, [...at, index]))
    : Object.entries(value).flatMap(([name, member]) => pointersOf(member, [...at, name]));
  return [at, ...inner];
}

export function valueAt(value: unknown, at: Pointer): unknown {
  return at.reduce<unknown>((inner, step) => (inner as Record<string, unknown>)?.[step], value);
}

/** A copy with another value at this place; undefined removes the member or item. */
export function withValueAt(value: unknown, [step, ...rest]: Pointer, given: unknown): unknown {
  if (step === undefined) return given;
  const inner = withValueAt((value as Record<string, unknown>)[step], rest, given);
  const isRemoved = rest.length === 0 && given === undefined;
  if (Array.isArray(value))
    return isRemoved ? value.toSpliced(Number(step), 1) : value.with(Number(step), inner);
  const { [step]: _, ...others } = value as Record<string, unknown>;
  return isRemoved ? others : { ...(value as object), [step]: inner };
}
