import pg from 'pg';

/** A server that has not let a connection in after this long counts as one that does not answer. */
const CONNECT_MS = 3_000;
/** A server that has not answered a statement of the watch after this long counts as one that does not answer. */
export const ANSWER_MS = 2_000;

/** A server of a database URL. */
export interface HostAddress {
  host: string;
  port: number;
  /** The database URL with this server alone. */
  url: string;
}

/** What a server says of itself. */
export interface HostState {
  isStandby: boolean;
  /** Whether its transactions only read, because it is a standby or by the setting `default_transaction_read_only`. */
  isReadOnly: boolean;
}

/** Members of pg's client that its types do not declare. */
interface Wire {
  stream: { destroy(error?: Error): void; unref(): void };
  on(
    event: 'parameterStatus',
    listener: (status: { parameterName: string; parameterValue: string }) => void,
  ): void;
}

export const wireOf = (client: pg.Client): Wire => (client as unknown as { connection: Wire }).connection;

/** The address of a URL with one host. node-postgres knows what stands for a host that the URL leaves out. */
export function addressOf(url: string): HostAddress {
  const { host, port } = new pg.Client(url);
  return { host, port, url };
}

export const nameOf = ({ host, port }: Pick<HostAddress, 'host' | 'port'>): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

/** Why a server cannot be asked, for people. */
export const reasonOf = (error: unknown): string => {
  const { message, code } = error as NodeJS.ErrnoException;
  const what = error instanceof pg.DatabaseError ? 'refuses the connection' : 'does not answer';
  return `${what}: ${message || code}`;
};

/** What a server says of itself as a connection to it begins (PostgreSQL 14 and later): that costs no round trip. */
export class FirstWords {
  readonly #statuses = new Map<string, string>();
  readonly #client: pg.Client;

  /** Listens to a client that is not connected yet. */
  constructor(client: pg.Client) {
    this.#client = client;
    wireOf(client).on('parameterStatus', ({ parameterName, parameterValue }) => {
      this.#statuses.set(parameterName, parameterValue);
    });
  }

  /** The state of the server. Asks it where it did not say so, as a pooler may not. Rejects with the errors of pg. */
  async state(): Promise<HostState> {
    const standby = this.#statuses.get('in_hot_standby');
    const readOnly = this.#statuses.get('default_transaction_read_only');
    if (standby === undefined || readOnly === undefined) return askState(this.#client);
    const isStandby = standby === 'on';
    return { isStandby, isReadOnly: isStandby || readOnly === 'on' };
  }
}

/** Asks on an open connection. Rejects with the errors of pg, and after `ANSWER_MS`. */
export async function askState(client: pg.Client): Promise<HostState> {
  const asked = client.query<HostState>(
    `SELECT pg_is_in_recovery() AS "isStandby",
            pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS "isReadOnly"`,
  );
  const { rows } = await within(ANSWER_MS, asked);
  if (!rows[0]) throw new Error('The statement has one row.');
  return rows[0];
}

/** Connects to an address for a moment. Rejects as `openProbe` and `askState` do. */
export async function askAddress(address: HostAddress): Promise<HostState> {
  const { client, words } = await openProbe(address);
  try {
    return await words.state();
  } finally {
    client.end().catch(() => undefined);
  }
}

/** Connects for questions only. Rejects with the errors of pg, and after `CONNECT_MS`. */
export async function openProbe({ url }: HostAddress): Promise<{ client: pg.Client; words: FirstWords }> {
  const client = new pg.Client({ connectionString: url, application_name: 'rollcall hosts' });
  client.on('error', () => undefined);
  const words = new FirstWords(client);
  try {
    await within(CONNECT_MS, client.connect());
  } catch (error) {
    // A server that hangs would keep it open.
    wireOf(client).stream.destroy();
    throw error;
  }
  return { client, words };
}

const STEPS = 10;

/**
 * Rejects if `work` is not done within some time. The time for which this process itself stood still does not count: the
 * answer may have come meanwhile.
 */
async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let steps = 0;
  let timer: NodeJS.Timeout | undefined;
  const isLate = new Promise<never>((_resolve, reject) => {
    timer = setInterval(() => {
      if (++steps === STEPS) reject(new Error(`no answer within ${limitMs / 1_000} seconds`));
    }, limitMs / STEPS);
  });
  try {
    return await Promise.race([work, isLate]);
  } finally {
    clearInterval(timer);
  }
}
