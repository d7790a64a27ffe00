import type { MasterKeyChecks } from '../store/schema/instance.ts';
import { keyIdOf, MasterKey, MasterKeyError, type Sealer } from './secrets.ts';

/** What the check of a master key is, sealed with that key. */
const CHECK = 'master-key-check';

/** Two, because a rotation goes from one key to the next. */
const MOST_KEYS = 2;

/** By this value a database recognises the master key. */
export function checkOf(key: MasterKey): Buffer {
  return key.seal(CHECK, CHECK);
}

/** Whether the key sealed this check. */
export function sealedCheck(key: MasterKey, check: Buffer): boolean {
  try {
    return key.open(check, CHECK) === CHECK;
  } catch {
    return false;
  }
}

/**
 * Reads the text of a source: a key, or two keys during a rotation, the older one first, each the base64 of 32 bytes, with
 * white space between them. Throws `MasterKeyError`.
 */
export function parseMasterKeys(text: string): MasterKey[] {
  const keys = text.trim().split(/\s+/).map(MasterKey.parse);
  if (keys.length > MOST_KEYS) {
    throw new MasterKeyError(
      'There are more than two master keys; give the current one and at most one other.',
    );
  }
  return keys;
}

/**
 * The master keys of a process. The database says which of them seals. All of them open: during a rotation, some values
 * are still sealed with the former key.
 */
export class MasterKeys implements Sealer {
  #keys: readonly MasterKey[];
  #current: MasterKey;
  #inUse: readonly MasterKey[] = [];
  readonly #read: () => Promise<MasterKey[]>;

  /**
   * @param keys at least one, the oldest first
   * @param read reads the keys from their source again
   */
  constructor(keys: readonly MasterKey[], read: () => Promise<MasterKey[]> = async () => [...keys]) {
    const [first] = keys;
    if (!first) throw new MasterKeyError('There is no master key.');
    this.#keys = keys;
    this.#current = first;
    this.#read = read;
  }

  /** The oldest first. */
  get keys(): readonly MasterKey[] {
    return this.#keys;
  }

  /** The key that seals. */
  get current(): MasterKey {
    return this.#current;
  }

  /** The keys that open the secrets of the database, as the last `adopt` found them, the oldest first. */
  get inUse(): readonly MasterKey[] {
    return this.#inUse;
  }

  /** The key to which a rotation leads: the one after the current key. */
  get next(): MasterKey | undefined {
    return this.#keys[this.#keys.indexOf(this.#current) + 1];
  }

  /**
   * Reads the keys from their source again. Throws what the source throws, and `MasterKeyError` if the source lacks a key that
   * `checks` name and this process has. It then keeps the keys that it has.
   */
  async reload(checks: MasterKeyChecks): Promise<void> {
    const keys = await this.#read();
    const isLost = (check: Buffer) =>
      !keys.some((key) => sealedCheck(key, check)) && this.#keys.some((key) => sealedCheck(key, check));
    if (listOf(checks).some(isLost))
      throw new MasterKeyError('The source of the master key lacks a key that is in use.');
    this.#keys = keys;
    this.#current = keys.find(({ id }) => id === this.#current.id) ?? keys[0] ?? this.#current;
  }

  /**
   * Seals with the current key of the database from now on. Throws `MasterKeyError` if that key is missing, or if a
   * rotation is not finished and one of its two keys is missing.
   */
  adopt(checks: MasterKeyChecks): void {
    const keyOf = (check: Buffer) => this.#keys.find((key) => sealedCheck(key, check));
    const needed = listOf(checks);
    this.#inUse = needed.flatMap((check) => keyOf(check) ?? []);
    this.#current = (checks.current && keyOf(checks.current)) ?? this.#current;
    const missing = needed.find((check) => !keyOf(check));
    if (!missing) return;
    const id = keyIdOf(missing);
    const named = id === undefined ? '' : ` (${id})`;
    throw new MasterKeyError(
      this.#inUse.length === 0
        ? `The database was set up with another master key; use that key${named}.`
        : `A rotation of the master key is not finished, and one of its two keys is missing${named}; give both.`,
    );
  }

  seal(plaintext: string, context: string): Buffer {
    return this.#current.seal(plaintext, context);
  }

  open(sealed: Buffer, context: string): string {
    const id = keyIdOf(sealed);
    let failure: unknown;
    for (const key of this.#keys) {
      if (id !== undefined && key.id !== id) continue;
      try {
        return key.open(sealed, context);
      } catch (error) {
        failure = error;
      }
    }
    throw (
      failure ??
      new MasterKeyError(
        `A secret is sealed with the master key ${id}, which this process does not have; give it that key.`,
      )
    );
  }
}

/** The older one first. */
function listOf({ current, former }: MasterKeyChecks): Buffer[] {
  return [former, current].filter((check) => check !== undefined);
}
