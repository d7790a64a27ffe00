// Writes src/types.gen.ts from the server's OpenAPI document. With --check, it fails if the file is stale. It knows only
// the schemas that TypeBox writes. An unknown schema is an error, not the type `unknown`.
import { readFile, writeFile } from 'node:fs/promises';

const source = new URL('../../server/openapi.json', import.meta.url);
const target = new URL('../src/types.gen.ts', import.meta.url);
const document = JSON.parse(await readFile(source, 'utf8'));

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** Whether the SDK needs types for a path. A /basic twin has the types of the path without /basic. */
const isOurs = (path) => path.startsWith('/v1/') && !path.endsWith('/basic');

const indent = (text) => text.replaceAll(/^(?=.)/gm, '  ');

function comment(text) {
  return text ? `/** ${text.replaceAll('*/', '*\\/').replaceAll(/\s*\n\s*/g, ' ')} */\n` : '';
}

function nameOf(member) {
  return /^[a-zA-Z_$][\w$]*$/.test(member) ? member : JSON.stringify(member);
}

/** The description of a schema. In a union with null, the description of the other schema. */
function descriptionOf(schema) {
  return schema.description ?? schema.anyOf?.find((each) => each.description)?.description;
}

/** `mayBeUndefined`: whether optional members may be undefined. This holds for requests, not for answers. */
function typeOf(schema, mayBeUndefined) {
  const of = (each) => typeOf(each, mayBeUndefined);
  if (schema.$ref) return schema.$ref.replace('#/components/schemas/', '');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  if (schema.anyOf) return schema.anyOf.map(of).join(' | ');
  switch (schema.type) {
    case 'string':
      return 'string';
    case 'integer':
    case 'number':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'null':
      return 'null';
    case 'array':
      return `Array<${of(schema.items ?? {})}>`;
    case 'object':
      return objectOf(schema, mayBeUndefined);
    case undefined:
      if (Object.keys(schema).every((key) => key === 'description')) return 'unknown';
  }
  throw new Error(`This script does not know the schema ${JSON.stringify(schema)}`);
}

function objectOf({ properties = {}, required = [], additionalProperties }, mayBeUndefined) {
  const members = Object.entries(properties).map(([name, schema]) => {
    const optional = !required.includes(name);
    const type = typeOf(schema, mayBeUndefined) + (optional && mayBeUndefined ? ' | undefined' : '');
    return `${comment(descriptionOf(schema))}${nameOf(name)}${optional ? '?' : ''}: ${type};\n`;
  });
  const rest = additionalProperties && typeof additionalProperties === 'object' ? additionalProperties : {};
  if (members.length > 0) return `{\n${indent(members.join(''))}}`;
  return `Record<string, ${typeOf(rest, mayBeUndefined)}>`;
}

function parametersOf(parameters = [], where) {
  const chosen = parameters.filter((each) => each.in === where);
  if (chosen.length === 0) return [];
  const properties = Object.fromEntries(
    chosen.map(({ name, schema, description }) => [name, { ...schema, description }]),
  );
  const required = chosen.filter((each) => each.required).map(({ name }) => name);
  return [[where, objectOf({ properties, required }, true)]];
}

function jsonOf(holder, mayBeUndefined) {
  const schema = holder?.content?.['application/json']?.schema;
  return schema && typeOf(schema, mayBeUndefined);
}

const operations = Object.entries(document.paths)
  .filter(([path]) => isOurs(path))
  .flatMap(([path, methods]) => METHODS.filter((method) => methods[method]).map((method) => [path, method]))
  .map(([path, method]) => {
    const { summary, description, parameters, requestBody, responses } = document.paths[path][method];
    const body = jsonOf(requestBody, true);
    const members = [
      ...parametersOf(parameters, 'path'),
      ...parametersOf(parameters, 'query'),
      ...(body ? [['body', body]] : []),
      ['reply', jsonOf(responses['200'] ?? responses['201'], false) ?? 'undefined'],
    ].map(([name, type]) => `${name}: ${type};\n`);
    const text = [summary, description].filter(Boolean).join('. ');
    return `${comment(text)}'${method.toUpperCase()} ${path}': {\n${indent(members.join(''))}};\n`;
  });

const schemas = Object.entries(document.components.schemas)
  .filter(([name]) => name === 'Problem')
  .map(([name, schema]) => `export interface ${name} ${typeOf(schema, false)}\n`);

const text = [
  '// `npm run sdk:types` writes this file from packages/server/openapi.json: do not edit it.\n',
  ...schemas,
  '/** The parameters, body and reply of each operation as they are on the wire: dates are text. */',
  `export interface Operations {\n${indent(operations.join(''))}}\n`,
].join('\n');

if (!process.argv.includes('--check')) {
  await writeFile(target, text);
} else if (text !== (await readFile(target, 'utf8').catch(() => ''))) {
  console.error('packages/sdk/src/types.gen.ts is stale. Run: npm run sdk:types');
  process.exit(1);
}
