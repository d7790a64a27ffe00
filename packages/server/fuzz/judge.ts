import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import type { Answer } from './client.ts';
import { type Description, type Operation, Router, type Schema } from './openapi.ts';

const WITHOUT_BODY = [204, 304];
/** What a request gets that reaches no operation. All paths of SCIM ask for credentials. */
const UNROUTABLE = [400, 401, 403, 404, 405, 414];

/** Judges answers by the description of the server. */
export class Judge {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: false });
  readonly #router: Router;
  readonly #bySchema = new Map<Schema, ValidateFunction>();
  readonly #byText = new Map<string, ValidateFunction>();

  readonly #components: Description['components'];

  constructor({ components }: Description, operations: readonly Operation[]) {
    formats.default(this.#ajv);
    this.#components = components;
    this.#router = new Router(operations);
  }

  /** What is wrong with the answer, as a sentence; undefined if nothing is. */
  fault(method: string, target: string, answer: Answer): string | undefined {
    const { status, headers, body } = answer;
    if (status >= 500) return `The status ${status} is an error of the server`;
    if (headers.correlationid === undefined) return `The answer ${status} has no correlationId`;
    const operation = this.#router.find(method, target);
    if (!operation) {
      return UNROUTABLE.includes(status)
        ? undefined
        : `The status ${status} on a path that is not documented`;
    }
    const documented = operation.responses[status];
    if (!documented) return `The status ${status} is not documented`;
    if (WITHOUT_BODY.includes(status)) return body.length > 0 ? `The answer ${status} has a body` : undefined;
    const mediaType = headers['content-type']?.split(';', 1)[0]?.trim() ?? 'none';
    const schema = documented[mediaType];
    if (!schema) return `The content type ${mediaType} of the status ${status} is not documented`;
    const fault = this.#bodyFault(mediaType, schema, documented, answer);
    return fault && `The ${mediaType} of the status ${status} ${fault}`;
  }

  #bodyFault(
    mediaType: string,
    schema: Schema,
    documented: Record<string, Schema>,
    { status, body }: Answer,
  ): string | undefined {
    const text = body.toString();
    if (mediaType === 'application/x-ndjson') {
      const item = documented['application/json']?.items ?? {};
      const lines = text.split('\n').filter((line) => line !== '');
      return lines.map((line) => this.#jsonFault(item, line)).find((fault) => fault !== undefined);
    }
    if (mediaType === 'application/vnd.apache.parquet') {
      const ends = [body.subarray(0, 4), body.subarray(-4)].map(String);
      return ends.every((end) => end === 'PAR1') ? undefined : 'is not Parquet';
    }
    if (!mediaType.endsWith('json')) return body.length === 0 ? 'is empty' : undefined;
    const fault = this.#jsonFault(schema, text);
    if (fault !== undefined || mediaType !== 'application/problem+json') return fault;
    return JSON.parse(text).status === status ? undefined : 'says another status';
  }

  #jsonFault(schema: Schema, text: string): string | undefined {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return 'is not JSON';
    }
    const validate = this.#validator(schema);
    if (validate(value)) return undefined;
    const [error] = validate.errors ?? [];
    // Without the numbers of items, equal faults have equal texts.
    return `does not have its schema: ${error?.instancePath.replace(/\d+/g, 'n')} ${error?.message}`;
  }

  #validator(schema: Schema): ValidateFunction {
    const known = this.#bySchema.get(schema);
    if (known) return known;
    // Hundreds of operations have the same schema of a problem.
    const text = JSON.stringify(schema);
    // References begin at the root of the description.
    const compiled = this.#byText.get(text) ?? this.#ajv.compile({ ...schema, components: this.#components });
    this.#byText.set(text, compiled);
    this.#bySchema.set(schema, compiled);
    return compiled;
  }
}
