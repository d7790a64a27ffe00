import { type ApiKeyRow, apiKeyLookUp, readApiKey } from '../store/auth/api-keys.ts';
import { keyNetworkLookUp, readKeyNetwork } from '../store/auth/key-networks.ts';
import { readScimToken, type ScimTokenRow, scimTokenLookUp } from '../store/auth/scim-tokens.ts';
import { readSession, type SessionRow, sessionLookUp } from '../store/auth/sessions.ts';
import { setUpLookUp } from '../store/auth/set-up.ts';
import { type OpenLink, openLinkLookUp, readOpenLink } from '../store/auth/sign-ins.ts';
import type { Database } from '../store/connections/db.ts';
import { MergingQueue } from '../store/connections/merging-queue.ts';
import type { PreparedStatement } from '../store/connections/pipeline.ts';

/** A folded id of a key, alone or with a network, or the hash of a SCIM token, of a session's token or of a link's token. */
type Credential =
  | { apiKeyFolded: string; decoySealed: Buffer }
  | { apiKeyFolded: string; network: string; since: Date }
  | { scimTokenHash: Buffer }
  | { sessionTokenHash: Buffer }
  | { linkTokenHash: Buffer; at: Date }
  | { setUpTokenHash: Buffer; at: Date };

/** Round trips at a time. */
const READERS = 2;
/** A round trip takes at most so many of the look-ups that wait. */
const MERGED = { jobs: 64, weight: 64 };

/**
 * Looks up the credentials that callers present. Look-ups that wait at the same time share a round trip, on connections
 * of their own. So callers with thousands of unknown ids take no connections from requests, and do not delay one
 * another.
 */
export class CredentialLookUps {
  readonly #queue: MergingQueue<Credential, string | undefined>;

  constructor(database: Database) {
    this.#queue = new MergingQueue({
      run: (credentials) => lookUp(database, credentials),
      weigh: () => 1,
      most: MERGED,
      concurrency: READERS,
    });
  }

  /** The key with this folded id, or a decoy with this secret if there is none. Throws `StoreUnavailableError`. */
  async apiKey(apiKeyFolded: string, decoySealed: Buffer): Promise<ApiKeyRow> {
    return readApiKey(await this.#queue.add({ apiKeyFolded, decoySealed }));
  }

  /** Whether a key has logged in from a network after `since`. Throws `StoreUnavailableError`. */
  async keyNetwork(apiKeyFolded: string, network: string, since: Date): Promise<boolean> {
    return readKeyNetwork(await this.#queue.add({ apiKeyFolded, network, since }));
  }

  /** The SCIM token with this SHA-256. Throws `StoreUnavailableError`. */
  async scimToken(scimTokenHash: Buffer): Promise<ScimTokenRow | undefined> {
    return readScimToken(await this.#queue.add({ scimTokenHash }));
  }

  /** The session whose token has this SHA-256. Throws `StoreUnavailableError`. */
  async session(sessionTokenHash: Buffer): Promise<SessionRow | undefined> {
    return readSession(await this.#queue.add({ sessionTokenHash }));
  }

  /** The one-time link whose token has this SHA-256, if it can be redeemed at `at`. Throws `StoreUnavailableError`. */
  async openLink(linkTokenHash: Buffer, at: Date): Promise<OpenLink | undefined> {
    return readOpenLink(await this.#queue.add({ linkTokenHash, at }));
  }

  /** Whether the link whose token has this SHA-256 can set the server up at `at`. Throws `StoreUnavailableError`. */
  async isSetUpOpen(setUpTokenHash: Buffer, at: Date): Promise<boolean> {
    return (await this.#queue.add({ setUpTokenHash, at })) !== undefined;
  }
}

async function lookUp(
  database: Database,
  credentials: readonly Credential[],
): Promise<(string | undefined)[]> {
  const statements = credentials.map(statementsOf);
  const answers = await database.runCredentialPipeline(statements.flat());
  // The last statement of a look-up returns the row.
  let end = 0;
  return statements.map(({ length }) => {
    end += length;
    return answers[end - 1];
  });
}

function statementsOf(credential: Credential): PreparedStatement[] {
  if ('decoySealed' in credential) return apiKeyLookUp(credential.apiKeyFolded, credential.decoySealed);
  if ('network' in credential)
    return keyNetworkLookUp(credential.apiKeyFolded, credential.network, credential.since);
  if ('scimTokenHash' in credential) return scimTokenLookUp(credential.scimTokenHash);
  if ('sessionTokenHash' in credential) return sessionLookUp(credential.sessionTokenHash);
  if ('setUpTokenHash' in credential) return setUpLookUp(credential.setUpTokenHash, credential.at);
  return openLinkLookUp(credential.linkTokenHash, credential.at);
}
