import pg from 'pg';
import { readDatabaseHosts } from './database-url.ts';
import { type HostConnection, Hosts } from './host-search.ts';
import {
  askAddress,
  FirstWords,
  type HostAddress,
  type HostState,
  nameOf,
  reasonOf,
  wireOf,
} from './host-state.ts';

/** The time limit of a connection whose caller has none. */
const LONGEST_CONNECT_MS = 15_000;

/** Opens a pool. With a URL of several hosts, each of its connections is to a server that the URL asks for. */
export function newPool(config: pg.PoolConfig): pg.Pool {
  const hosts = hostsOf(config.connectionString);
  if (!hosts) return new pg.Pool(config);
  class Client extends HostsClient {
    constructor(clientConfig: pg.ClientConfig) {
      super(hosts as Hosts, clientConfig);
    }
  }
  return new pg.Pool({ ...config, Client: Client as never });
}

/** Makes a client that is not connected. With a URL of several hosts, `connect` finds the server that the URL asks for. */
export function newClient(config: pg.ClientConfig): pg.Client {
  const hosts = hostsOf(config.connectionString);
  return hosts ? new HostsClient(hosts, config) : new pg.Client(config);
}

/** The servers of a target. Throws where its URL names a certificate that cannot be read. */
export function addressesOf(target: pg.ClientConfig): Pick<HostAddress, 'host' | 'port'>[] {
  return [...(hostsOf(target.connectionString)?.addresses ?? [new pg.Client(target)])];
}

/** What a host of a URL is; `fault` says that it does not answer, and why. */
export type HostReport = { where: string } & (HostState | { fault: string });

/** Asks each host of a URL with several hosts what it is. Empty for a URL of one host. */
export async function examineHosts({ connectionString }: pg.ClientConfig): Promise<HostReport[]> {
  const addresses = hostsOf(connectionString)?.addresses ?? [];
  if (addresses.length === 1) return [];
  return Promise.all(
    addresses.map(async (address) => {
      const where = nameOf(address);
      return askAddress(address).then(
        (state) => ({ where, ...state }),
        (error: unknown) => ({ where, fault: reasonOf(error) }),
      );
    }),
  );
}

/** What this process knows of the servers of each URL. All pools and clients of a URL share it. */
const known = new Map<string, Hosts>();

function hostsOf(url: string | undefined): Hosts | undefined {
  const found = url === undefined ? undefined : known.get(url);
  if (found || url === undefined) return found;
  const read = readDatabaseHosts(url);
  if (!read) return undefined;
  const hosts = new Hosts(read.hosts, read.wanted);
  known.set(url, hosts);
  return hosts;
}

/** A client that finds its server when it connects. */
class HostsClient extends pg.Client implements HostConnection {
  address: HostAddress | undefined;
  readonly #hosts: Hosts;
  readonly #words: FirstWords;
  #hasEnded = false;

  constructor(hosts: Hosts, config: pg.ClientConfig) {
    // Without a limit, a server that hangs from this moment on would never let go of the caller.
    const connectionTimeoutMillis = config.connectionTimeoutMillis || LONGEST_CONNECT_MS;
    super({ ...config, connectionTimeoutMillis, connectionString: hosts.addresses[0]?.url });
    this.#hosts = hosts;
    this.#words = new FirstWords(this);
    // The next connection must not go to a server that has just broken this one.
    this.on('error', () => hosts.doubt(this.address));
    this.once('end', () => {
      this.#hasEnded = true;
      hosts.remove(this);
    });
  }

  /** Rejects with `NoUsableHostError`, and with the errors of pg. */
  override connect(): Promise<pg.Client>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<pg.Client> | undefined {
    const connected = this.#connect();
    if (!callback) return connected;
    connected.then(() => (callback as () => void)(), callback);
    return undefined;
  }

  /** Ends the connection without a word to the server, which may not answer. Its queries fail. */
  cut(): void {
    wireOf(this).stream.destroy(new Error('Connection terminated: another server is in use now'));
  }

  async #connect(): Promise<pg.Client> {
    const address = await this.#hosts.find();
    const { host, port } = address;
    const { connectionParameters } = this as unknown as { connectionParameters: object };
    for (const where of [this, connectionParameters]) Object.assign(where, { host, port });
    this.address = address;
    try {
      await super.connect();
      const refusal = this.#hosts.refusalOf(await this.#words.state());
      if (refusal !== undefined) this.#hosts.refuse(address, refusal);
    } catch (error) {
      this.#hosts.doubt(address);
      this.end().catch(() => undefined);
      throw error;
    }
    if (!this.#hasEnded) this.#hosts.add(this);
    return this;
  }
}
