import { type AttendedDay, type AttendedTimes, came, grown } from './attended-day.ts';

/** The only unit of all offices together. */
const UNIT = 0;

/**
 * A day of all offices together, in which each user counts once: with the greatest kind of all offices. A user came
 * first at the office that detected the user first, and was last detected at the office that did so last. Users who
 * came to another office than they had planned count as walk-ins, and not as no-shows.
 */
export class OrganisationDay {
  readonly #day: string;
  /** By the user's number. 0: the user does not count. */
  #kinds = new Uint8Array(0);
  #times: AttendedTimes | undefined;

  constructor(day: string) {
    this.#day = day;
  }

  /** Adds the users of an office who are in a pair. They need their numbers. */
  add({ pairs, entries, kinds, users, times }: AttendedDay): void {
    if (times) this.#times ??= noTimes();
    for (let pair = 0; pair < pairs; pair++) {
      const entry = entries[pair] as number;
      const user = users[entry] as number;
      const kind = kinds[entry] as number;
      this.#makeRoomFor(user);
      const known = this.#kinds[user] as number;
      if (this.#times && times && came(kind))
        addTimes(this.#times, user, { times, entry, isFirst: !came(known) });
      if (kind > known) this.#kinds[user] = kind;
    }
  }

  /** The day with an entry for each user, by the user's number. */
  read(): AttendedDay {
    const kinds = this.#kinds;
    const entries = new Int32Array(kinds.length);
    let pairs = 0;
    for (let user = 0; user < kinds.length; user++) if (kinds[user] !== 0) entries[pairs++] = user;
    const units = new Int32Array(pairs).fill(UNIT);
    const [day, times] = [this.#day, this.#times];
    return { day, locationId: null, pairs, units, entries, kinds, users: numbersUpTo(kinds.length), times };
  }

  #makeRoomFor(user: number): void {
    if (user < this.#kinds.length) return;
    this.#kinds = grown(this.#kinds, user + 1);
    const times = this.#times;
    if (!times) return;
    times.first = grown(times.first, user + 1);
    times.last = grown(times.last, user + 1);
    times.firstHour = grown(times.firstHour, user + 1);
    times.lastHour = grown(times.lastHour, user + 1);
  }
}

/** 0, 1, 2, …: the entry of a user has the user's number. All days share them, because nobody changes them. */
let numbers = new Int32Array(0);

function numbersUpTo(count: number): Int32Array<ArrayBuffer> {
  if (numbers.length < count) {
    numbers = new Int32Array(count);
    for (let number = 0; number < count; number++) numbers[number] = number;
  }
  return numbers;
}

function noTimes(): AttendedTimes {
  const [first, last] = [new Int32Array(0), new Int32Array(0)];
  return { first, last, firstHour: new Uint8Array(0), lastHour: new Uint8Array(0) };
}

function addTimes(
  all: AttendedTimes,
  user: number,
  { times, entry, isFirst }: { times: AttendedTimes; entry: number; isFirst: boolean },
): void {
  const [first, last] = [times.first[entry] as number, times.last[entry] as number];
  if (isFirst || first < (all.first[user] as number)) {
    all.first[user] = first;
    all.firstHour[user] = times.firstHour[entry] as number;
  }
  if (isFirst || last > (all.last[user] as number)) {
    all.last[user] = last;
    all.lastHour[user] = times.lastHour[entry] as number;
  }
}
