/** The parts of a JSON Schema that the server's description uses. */
export interface Schema {
  $ref?: string;
  type?: string;
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
  'x-comma-list'?: boolean;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

export interface Operation {
  /** `GET /v1/manage/users/{userId}`: the description has no other ids. */
  id: string;
  method: string;
  path: string;
  parameters: Parameter[];
  /** The schema of the body by media type; empty for an operation without a body. */
  bodies: Record<string, Schema>;
  /** The schema of the answer by status and media type. */
  responses: Record<string, Record<string, Schema>>;
  /** The names of the schemes by which a caller may be admitted; empty for a public operation. */
  schemes: string[];
}

interface Content {
  content?: Record<string, { schema?: Schema }>;
}

interface Described {
  parameters?: Parameter[];
  requestBody?: Content;
  responses: Record<string, Content>;
  security?: Record<string, unknown>[];
}

export interface Description {
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, Schema> };
}

/** All operations of a description, in its order. */
export function operationsOf({ paths }: Description): Operation[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([name, described]) => {
      const method = name.toUpperCase();
      return {
        id: `${method} ${path}`,
        method,
        path,
        parameters: described.parameters ?? [],
        bodies: schemasOf(described.requestBody),
        responses: Object.fromEntries(
          Object.entries(described.responses).map(([status, response]) => [status, schemasOf(response)]),
        ),
        schemes: (described.security ?? []).flatMap((each) => Object.keys(each)),
      };
    }),
  );
}

function schemasOf({ content = {} }: Content = {}): Record<string, Schema> {
  return Object.fromEntries(Object.entries(content).map(([type, { schema = {} }]) => [type, schema]));
}

/** Finds the operation of a request by its path; undefined if no path of the description matches. */
export class Router {
  readonly #operations: Operation[];

  constructor(operations: readonly Operation[]) {
    // A fixed part of a path takes precedence over a parameter.
    this.#operations = operations.toSorted((a, b) => countParameters(a) - countParameters(b));
  }

  find(method: string, target: string): Operation | undefined {
    const parts = partsOf(target.split('?', 1)[0] ?? '');
    return this.#operations.find(
      (operation) => operation.method === method && matches(partsOf(operation.path), parts),
    );
  }
}

const countParameters = ({ path }: Operation): number => path.split('{').length;

/** The server takes repeated slashes, and one at the end, as if they were not there. */
const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '');

function matches(template: string[], parts: string[]): boolean {
  return (
    template.length === parts.length &&
    template.every((part, index) => part.startsWith('{') || part === parts[index])
  );
}
