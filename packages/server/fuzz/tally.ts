import type { Operation } from './openapi.ts';

/** Why some operations have no success in a run. */
const WITHOUT_SUCCESS: Record<string, string> = {
  'POST /v1/set-up': 'the server has an organisation already',
  'POST /v1/session/passkey': 'needs an authenticator',
  'POST /v1/session/passkeys': 'needs an authenticator',
  'PATCH /v1/session/passkeys/{passkeyId}': 'needs an authenticator',
  'DELETE /v1/session/passkeys/{passkeyId}': 'needs an authenticator',
  'DELETE /v1/session/identities/{identityId}': 'needs an identity provider',
  'POST /v1/session/openid': 'needs an identity provider',
  'POST /v1/session/openid/return': 'needs an identity provider',
};

/** Counts answers by operation and status. */
export class Tally {
  readonly #counts = new Map<string, Map<number, number>>();
  total = 0;

  note({ id }: Operation, status: number): void {
    const counts = this.#counts.get(id) ?? new Map<number, number>();
    this.#counts.set(id, counts.set(status, (counts.get(status) ?? 0) + 1));
    this.total++;
  }

  /** A line for each operation: its answers of each class, or of each status. */
  table(operations: readonly Operation[], by: 'class' | 'status'): string {
    const lines = operations.map(({ id }) => {
      const counts = [...(this.#counts.get(id) ?? [])].toSorted(([a], [b]) => a - b);
      if (by === 'status')
        return `${id.padEnd(70)} ${counts.map(([status, count]) => `${status}×${count}`).join('  ')}`;
      const cells = [2, 3, 4, 5].map((hundreds) => {
        const sum = counts.reduce(
          (all, [status, count]) => (Math.floor(status / 100) === hundreds ? all + count : all),
          0,
        );
        return String(sum || '').padStart(7);
      });
      return `${id.padEnd(70)}${cells.join('')}`;
    });
    return by === 'status'
      ? lines.join('\n')
      : [`${''.padEnd(70)}    2xx    3xx    4xx    5xx`, ...lines].join('\n');
  }

  /** The operations that never succeeded, with the reason if there is a good one. */
  unreached(operations: readonly Operation[]): { id: string; reason: string | undefined }[] {
    return operations
      .filter(({ id }) => ![...(this.#counts.get(id)?.keys() ?? [])].some((status) => status < 300))
      .map(({ id }) => ({ id, reason: WITHOUT_SUCCESS[id] }));
  }
}
