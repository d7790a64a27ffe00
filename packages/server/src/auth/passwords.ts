import type { Options } from '@node-rs/argon2';
import { HttpProblem } from '../http/errors.ts';
import { Shares } from '../http/shares.ts';
import { fold } from '../store/values/fold.ts';
import { isCommonPassword } from './common-passwords.ts';

/** OWASP's parameters for argon2id, which is the default of the library: 19 MiB, two passes, one lane. */
const ARGON2: Options = { memoryCost: 19 * 1024, timeCost: 2, parallelism: 1 };
/** A hash with the same parameters that no password has. It costs what any other hash costs. */
const NO_HASH = `$argon2id$v=19$m=${ARGON2.memoryCost},t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

const SHORTEST_PASSWORD = 12;
const LONGEST_PASSWORD_BYTES = 1_024;
/** A password of fewer different characters is a pattern such as `abababababab`. */
const FEWEST_CHARACTERS = 5;

/** Words that somebody who knows the product tries first; docs/access.md lists them. The parts of the e-mail address are others. */
const CONTEXT_WORDS = [
  'rollcall',
  'calven',
  'presence',
  'administrator',
  'integrations',
  'planner',
  'viewer',
];
/** A shorter part of an e-mail address is in many words. */
const SHORTEST_WORD = 4;
const FEWEST_OWN_CHARACTERS = 8;

/** Each verification takes a core and 19 MiB for 10 to 30 ms. Two at a time leave room for other work. */
const AT_A_TIME = 2;
/** Running and waiting verifications. All of them take a second at most. */
const MOST_OPEN = 64;
/** A network that is alone gets half of them. */
const NETWORK_TIMES_FREE = 1;

/** Why a password cannot be chosen, as the rest of a sentence; undefined if it can be. */
export function passwordFault(password: string, email: string): string | undefined {
  if (!password.isWellFormed()) return 'contains half a surrogate pair';
  if (Buffer.byteLength(password) > LONGEST_PASSWORD_BYTES) return 'must be at most 1,024 bytes';
  const characters = Array.from(password);
  if (characters.length < SHORTEST_PASSWORD) return `must have at least ${SHORTEST_PASSWORD} characters`;
  if (new Set(characters).size < FEWEST_CHARACTERS) return 'has too few different characters';
  const folded = fold(password);
  if (isCommonPassword(folded)) return 'is one of the commonest passwords; choose another one';
  return hasGuessableWords(folded, fold(email))
    ? `must have ${FEWEST_OWN_CHARACTERS} characters besides your e-mail address and the names of the product and its roles`
    : undefined;
}

/** Whether little is left of a password without the words that its context suggests. Both texts are folded. */
function hasGuessableWords(password: string, email: string): boolean {
  const ofEmail = email.split(/[^\p{L}\p{N}]+/u).filter((word) => word.length >= SHORTEST_WORD);
  const words = [email, ...ofEmail, ...CONTEXT_WORDS];
  const rest = words.reduce((text, word) => text.replaceAll(word, ''), password);
  return Array.from(rest).length < FEWEST_OWN_CHARACTERS;
}

/** Hashes and verifies passwords, a few at a time, so that people who sign in do not use up the machine. */
export class Passwords {
  readonly #shares = new Shares(MOST_OPEN);
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  /** Runs `work`, which hashes or verifies, when it is its turn. Throws a 503 if the share of the network is used up. */
  async inTurn<T>(network: string, work: () => Promise<T>): Promise<T> {
    const holders = [{ name: network, timesFree: NETWORK_TIMES_FREE }];
    if (!this.#shares.take(holders, 1)) {
      throw new HttpProblem(503, 'Too many sign-ins are in progress; please try again.', {
        headers: { 'retry-after': '1' },
        metLimit: { limit: 'sign-ins', of: 'share' },
      });
    }
    try {
      await this.#turn();
      return await work();
    } finally {
      this.#endTurn();
      this.#shares.giveBack(holders, 1);
    }
  }

  async #turn(): Promise<void> {
    if (this.#running >= AT_A_TIME) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running++;
  }

  /** The next one that waits takes over the turn. */
  #endTurn(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#running--;
  }
}

/** The hash of a password, in PHC format. Call it in a turn of `Passwords`. */
export async function hashPassword(password: string): Promise<string> {
  // Loaded late, because few servers need the library soon after their start.
  const { hash } = await import('@node-rs/argon2');
  return hash(normalized(password), ARGON2);
}

/**
 * Whether a password has this hash. Null has no password, and takes the same time. Call it in a turn of `Passwords`.
 */
export async function verifyPassword(hash: string | null, password: string): Promise<boolean> {
  const { verify } = await import('@node-rs/argon2');
  const isRight = await verify(hash ?? NO_HASH, normalized(password));
  return hash !== null && isRight;
}

/** One password on all keyboards (NIST SP 800-63B section 3.1.1.2). */
function normalized(password: string): string {
  return password.normalize('NFKC');
}
