/**
 * What a connection needs of a server, by libpq's names (PostgreSQL, "libpq: Parameter Key Words"). `read-only` is left out:
 * nothing in Rollcall asks for it.
 */
export const SESSION_ATTRIBUTES = ['read-write', 'any', 'primary', 'standby', 'prefer-standby'] as const;
export type SessionAttributes = (typeof SESSION_ATTRIBUTES)[number];

/** A server that a database URL names. */
export interface DatabaseHost {
  /** A name, an address without brackets, or the directory of a socket. */
  host: string;
  port: number;
  /** The database URL with this host alone, for node-postgres. */
  url: string;
}

/** The servers that a database URL names, in its order, and which of them a connection may use. */
export interface DatabaseHosts {
  hosts: DatabaseHost[];
  wanted: SessionAttributes;
}

/** A text is no URL of a database. The message is one sentence without credentials. */
export class DatabaseUrlError extends Error {}

const DEFAULT_PORT = 5_432;
const MOST_PORT = 65_535;
const ATTRIBUTES_PARAMETER = 'target_session_attrs';

/**
 * The hosts of a URL that names several, or that has `target_session_attrs`. Undefined for any other URL: node-postgres
 * reads it by itself. Without `target_session_attrs`, several hosts mean `read-write`, because Rollcall writes; libpq would
 * take `any`. Throws `DatabaseUrlError`.
 *
 * Source of the syntax: PostgreSQL, "libpq: Connection Strings", with several hosts in the authority or in `host` and `port`.
 */
export function readDatabaseHosts(url: string): DatabaseHosts | undefined {
  const { scheme, user, authority, path, parameters } = split(url);
  const given = parameters.find(({ name }) => name === ATTRIBUTES_PARAMETER)?.value;
  const inQuery = parameterOf(parameters, 'host');
  const named = inQuery === '' ? authority.split(',').map(readHostPort) : inQuery.split(',').map(hostOfName);
  if (named.length === 1 && given === undefined) {
    if (!isUrl(url)) throw notAUrl();
    return undefined;
  }
  const ports = portsOf(parameterOf(parameters, 'port'), named.length);
  const others = parameters
    .filter(({ name }) => ![ATTRIBUTES_PARAMETER, 'host', 'port'].includes(name))
    .map(({ text }) => text);
  const hosts = named.map(({ host, port: ownPort }, index): DatabaseHost => {
    const port = ports[index] ?? ownPort ?? DEFAULT_PORT;
    if (host === '' && named.length > 1) throw new DatabaseUrlError('It names an empty host.');
    const query = [...others, ...(host === '' ? [] : [`host=${encodeURIComponent(host)}`]), `port=${port}`];
    // As a parameter, a host may be a directory.
    const single = `${scheme}${user}${path === '' ? '/' : path}?${query.join('&')}`;
    if (!isUrl(single)) throw notAUrl();
    return { host, port, url: single };
  });
  return { hosts, wanted: readAttributes(given) };
}

/** Checks the syntax of a database URL. Throws `DatabaseUrlError`. */
export function checkDatabaseUrl(url: string): void {
  readDatabaseHosts(url);
}

interface Parameter {
  name: string;
  value: string;
  /** As the URL has it. */
  text: string;
}

function split(url: string) {
  const parts = /^(postgres(?:ql)?:\/\/)([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?$/.exec(url);
  if (!parts) throw notAUrl();
  const [, scheme = '', beforePath = '', path = '', query = ''] = parts;
  const end = beforePath.lastIndexOf('@') + 1;
  const parameters = query
    .split('&')
    .filter((text) => text !== '')
    .map(readParameter);
  return { scheme, user: beforePath.slice(0, end), authority: beforePath.slice(end), path, parameters };
}

function readParameter(text: string): Parameter {
  const [name = '', ...value] = text.split('=');
  return { name, value: decode(value.join('=')), text };
}

const parameterOf = (parameters: readonly Parameter[], name: string): string =>
  parameters.findLast((parameter) => parameter.name === name)?.value ?? '';

function readHostPort(text: string): { host: string; port?: number } {
  const parts = /^(?:\[([0-9a-fA-F:.%]+)\]|([^[\]:]*))(?::(\d*))?$/.exec(text);
  if (!parts) throw notAUrl();
  const [, address, name = '', port = ''] = parts;
  const host = decode(address ?? name);
  return port === '' ? { host } : { host, port: readPort(port) };
}

const hostOfName = (host: string): { host: string; port?: number } => ({ host });

/** The ports of the parameter `port`: none, one for all hosts, or one for each. An empty one is the default. */
function portsOf(text: string, hosts: number): (number | undefined)[] {
  if (text === '') return [];
  const ports = text.split(',').map((port) => (port === '' ? DEFAULT_PORT : readPort(port)));
  if (ports.length === 1) return Array.from({ length: hosts }, () => ports[0]);
  if (ports.length !== hosts) {
    throw new DatabaseUrlError(`It names ${ports.length} ports for ${hosts} hosts.`);
  }
  return ports;
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > MOST_PORT) {
    throw new DatabaseUrlError(`Each port must be a whole number from 1 to ${MOST_PORT}.`);
  }
  return port;
}

function readAttributes(given: string | undefined): SessionAttributes {
  if (given === undefined) return 'read-write';
  const found = SESSION_ATTRIBUTES.find((attributes) => attributes === given);
  if (found !== undefined) return found;
  throw new DatabaseUrlError(`${ATTRIBUTES_PARAMETER} must be one of ${SESSION_ATTRIBUTES.join(', ')}.`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw notAUrl();
  }
}

/** A URL with the directory of a socket as `host` has an empty host. URL.canParse refuses that after credentials. */
const isUrl = (url: string): boolean => URL.canParse(url.replace('@/', '@localhost/'));

const notAUrl = () => new DatabaseUrlError('It must be a URL that begins with postgres://.');
