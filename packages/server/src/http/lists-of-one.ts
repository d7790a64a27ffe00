/** The members of a JSON schema that this file reads. */
interface Schema {
  type?: string;
  items?: Schema;
  properties?: Record<string, Schema>;
  anyOf?: Schema[];
}

/** Converts single values to lists where the schema has lists. It changes objects and lists in place. */
type ListReader = (value: unknown) => unknown;

/**
 * Reads a single value in the place of a list as a list of one, because `ConvertTo-Json` of PowerShell writes a list of
 * one as its element. Undefined if the schema has no lists. Parts without lists cost nothing.
 */
export function listReader({ items, properties, anyOf }: Schema): ListReader | undefined {
  if (items) return readerOfList(items);
  if (properties) return readerOfMembers(properties);
  // At most one alternative of an optional member has lists.
  return anyOf?.map(listReader).find((reader) => reader !== undefined);
}

function readerOfList(items: Schema): ListReader {
  const readItem = listReader(items);
  return (value) => {
    const list = isOne(value, items) ? [value] : value;
    if (!readItem || !Array.isArray(list)) return list;
    for (const [index, item] of list.entries()) list[index] = readItem(item);
    return list;
  };
}

function readerOfMembers(properties: Record<string, Schema>): ListReader | undefined {
  const members = Object.entries(properties).flatMap(([name, schema]) => {
    const read = listReader(schema);
    return read ? [{ name, read }] : [];
  });
  if (members.length === 0) return undefined;
  return (value) => {
    if (!isObject(value)) return value;
    for (const { name, read } of members) {
      if (Object.hasOwn(value, name)) value[name] = read(value[name]);
    }
    return value;
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An object without members means an empty list. */
function isOne(value: unknown, { type }: Schema): boolean {
  if (type === 'object') return isObject(value) && Object.keys(value).length > 0;
  return type === 'string' && typeof value === 'string';
}
