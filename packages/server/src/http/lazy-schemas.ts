import buildValidators from '@fastify/ajv-compiler';
import buildSerializers from '@fastify/fast-json-stringify-compiler';
import type { FastifyInstance, FastifyServerOptions } from 'fastify';
import { listReader } from './lists-of-one.ts';

/**
 * Makes Fastify compile each schema at its first use. A server has hundreds of schemas, and would spend most of its
 * start on them. Before the validation of a body, a single value in the place of a list becomes a list (`listReader`).
 */
export function compileSchemasLazily(
  app: FastifyInstance,
  ajv: NonNullable<FastifyServerOptions['ajv']>,
): void {
  const validators = lazily(() => buildValidators()(app.getSchemas() as Record<string, object>, ajv));
  const serializers = lazily(() => buildSerializers()(app.getSchemas()));
  app.setValidatorCompiler<object>(({ schema, httpPart }) => {
    const validate = lazily(() => validators()({ schema } as never));
    const readLists = httpPart === 'body' ? listReader(schema) : undefined;
    return (input: unknown) => {
      readLists?.(input);
      return validate()(input) === true ? true : { error: validate().errors ?? [] };
    };
  });
  app.setSerializerCompiler(({ schema, ...route }) => {
    const serialize = lazily(() => serializers()({ schema, httpStatus: '', ...route }));
    return (output: unknown) => serialize()(output);
  });
}

function lazily<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
