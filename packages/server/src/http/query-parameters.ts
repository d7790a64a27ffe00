import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import { type TStringOptions, Type } from 'typebox';
import { type FieldError, HttpProblem } from './errors.ts';
import { quote } from './text.ts';

const COMMA_LIST = 'x-comma-list';
/** On these paths, an ignored filter would return the rows of all users. */
const REFUSES_UNKNOWN = /^\/v1\/(analytics|manage)\//;
/** A query can hold thousands of names. */
const MOST_FAULTS = 20;

/** A query parameter with values between commas. A repeated parameter is one list. */
export function CommaList(options: TStringOptions) {
  return Type.String({ ...options, [COMMA_LIST]: true });
}

/** The query parameters in the schema of a route. */
interface QueryRules {
  refusesUnknown: boolean;
  lists: ReadonlySet<string>;
  names: readonly string[];
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Derived from the querystring schema of the route. Absent: any query is ignored. */
    queryRules?: QueryRules;
  }
}

/** Whether a route refuses query parameters that it does not know. `url` is the pattern of the route. */
export function refusesUnknownParameters(url: string): boolean {
  return REFUSES_UNKNOWN.test(url);
}

/**
 * Checks the query of each request against the schema of its route, before the server reads the body. Below
 * /v1/analytics and /v1/manage, an unknown parameter and one without a value are a 400. On every route, a repeated
 * parameter is joined if it is a comma list; otherwise it is a 400. Register it after the guard, because 401 and 403
 * come first.
 */
export function validateQueries(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    const queryRules = rulesOf(route);
    if (queryRules) route.config = { ...route.config, queryRules };
  });
  app.addHook('onRequest', (request, _reply, done) => {
    const { queryRules } = request.route.config;
    done(queryRules && judge(request, queryRules));
  });
}

function rulesOf({ url, schema }: RouteOptions): QueryRules | undefined {
  const querystring = schema?.querystring as { properties?: Record<string, object> } | undefined;
  const refusesUnknown = refusesUnknownParameters(url);
  if (!querystring && !refusesUnknown) return undefined;
  const parameters = Object.entries(querystring?.properties ?? {});
  return {
    refusesUnknown,
    names: parameters.map(([name]) => name),
    lists: new Set(parameters.filter(([, of]) => COMMA_LIST in of).map(([name]) => name)),
  };
}

/** Joins repeated comma lists. Returns the 400 for an invalid query, if there is one. */
function judge(request: FastifyRequest, rules: QueryRules): HttpProblem | undefined {
  const query = request.query as Record<string, string | string[]>;
  const faults: FieldError[] = [];
  for (const [name, value] of Object.entries(query)) {
    if (Array.isArray(value) && rules.lists.has(name)) query[name] = value.join(',');
    const message = faultOf(name, query[name] as string | string[], rules);
    if (message !== undefined && faults.push({ path: name, message }) === MOST_FAULTS) break;
  }
  const [first] = faults;
  if (!first) return undefined;
  const detail = `The request is malformed: the query parameter ${quote(first.path)} ${first.message}.`;
  return new HttpProblem(400, detail, { errors: faults });
}

function faultOf(name: string, value: string | string[], rules: QueryRules): string | undefined {
  if (!rules.names.includes(name)) return rules.refusesUnknown ? unknownFault(name, rules) : undefined;
  if (Array.isArray(value)) return 'is given more than once; give it once';
  if (!rules.refusesUnknown) return undefined;
  if (rules.lists.has(name)) {
    return /[^\s,]/.test(value) ? undefined : 'is an empty list; leave it out to select all';
  }
  return value.trim() === '' ? 'has no value; leave it out, or give it one' : undefined;
}

function unknownFault(name: string, { names }: QueryRules): string {
  if (names.length === 0) return 'is not known; this path takes no query parameters';
  const near = names.find((known) => bare(known) === bare(name));
  const suggestion = near === undefined ? '' : `; did you mean ${near}?`;
  return `is not known${suggestion}${near === undefined ? '; this' : ' This'} path takes ${names.join(', ')}`;
}

/** A name without the usual differences of spelling: case, `[]`, `_`, `-`, and the plural. */
function bare(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .replace(/s$/, '');
}
