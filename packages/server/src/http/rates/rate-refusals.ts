import type { KeyLimit } from '../../store/auth/key-limits.ts';
import type { LimitedCaller, LimitHolder } from './limited-caller.ts';

interface Refused {
  fields: Record<string, string>;
  refused: number;
}

const LINES_EVERY_MS = 10_000;

/** Logs the requests that rate limits refuse: a line for each caller and limit every ten seconds. */
export class RateRefusals {
  readonly #log: { warn(fields: object, message: string): void };
  readonly #timer: NodeJS.Timeout;
  #sinceLastLines = new Map<string, Refused>();

  constructor(log: { warn(fields: object, message: string): void }) {
    this.#log = log;
    this.#timer = setInterval(() => this.#writeLines(), LINES_EVERY_MS).unref();
  }

  note(limit: KeyLimit, of: LimitHolder, { kind, nameFolded, accountId }: LimitedCaller): void {
    const name = `${limit} ${of} ${kind} ${nameFolded}`;
    const noted = this.#sinceLastLines.get(name);
    if (noted) {
      noted.refused++;
      return;
    }
    const who = accountId === undefined ? { apiKey: nameFolded } : { accountId };
    this.#sinceLastLines.set(name, { fields: { limit, of, ...who }, refused: 1 });
  }

  close(): void {
    clearInterval(this.#timer);
    this.#writeLines();
  }

  #writeLines(): void {
    const noted = this.#sinceLastLines;
    this.#sinceLastLines = new Map();
    for (const { fields, refused } of noted.values()) {
      this.#log.warn({ ...fields, refused }, 'a rate limit refused requests');
    }
  }
}
