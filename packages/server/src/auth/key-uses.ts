import { type ApiKeyRow, apiKeyUsesUpdate } from '../store/auth/api-keys.ts';
import type { Database } from '../store/connections/db.ts';
import { runForTenants } from '../store/connections/tenant-batches.ts';
import { groupBy } from '../store/values/group-by.ts';

const FLUSH_MS = 5_000;

type Key = Pick<ApiKeyRow, 'tenantId' | 'apiKeyFolded'>;

interface KeyUse {
  key: Key;
  usedAtMs: number;
}

interface Deps {
  database: Database;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/** Notes when keys are used, and stores it every few seconds. */
export class KeyUses {
  readonly #deps: Deps;
  readonly #used = new Map<string, KeyUse>();
  readonly #timer: NodeJS.Timeout;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#timer = setInterval(() => void this.#flush(), FLUSH_MS);
    this.#timer.unref();
  }

  /** Notes that the key was used now. */
  note(key: Key): void {
    this.#used.set(key.apiKeyFolded, { key, usedAtMs: this.#deps.clock() });
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#flush();
  }

  /** Stores the uses. Those of an organisation that cannot be stored wait for the next time. */
  async #flush(): Promise<void> {
    const byTenant = groupBy(this.#used.values(), ({ key }) => key.tenantId);
    this.#used.clear();
    const failures = await runForTenants(this.#deps.database, [...byTenant.keys()], (tenantId) => {
      const uses = (byTenant.get(tenantId) ?? []).map(({ key, usedAtMs }) => ({
        apiKeyFolded: key.apiKeyFolded,
        usedAtMs,
      }));
      return apiKeyUsesUpdate(
        tenantId,
        uses.sort((a, b) => (a.apiKeyFolded < b.apiKeyFolded ? -1 : 1)),
      );
    });
    for (const use of [...failures.keys()].flatMap((tenantId) => byTenant.get(tenantId) ?? [])) {
      // A later use has been noted meanwhile.
      if (!this.#used.has(use.key.apiKeyFolded)) this.#used.set(use.key.apiKeyFolded, use);
    }
  }
}
