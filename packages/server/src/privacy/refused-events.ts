import type { Person } from '../store/privacy/person.ts';
import type { PersonRow } from '../store/privacy/person-rows.ts';
import type { RefusedRow } from '../store/privacy/refused-rows.ts';
import { hasTerm, spaced } from '../store/privacy/terms.ts';
import type { VisitorSubject } from '../store/privacy/visitor-rows.ts';
import { foldCardText } from '../store/values/digest.ts';
import { fold } from '../store/values/fold.ts';

type Members = Record<string, unknown>;

/** Members of events that say which person they mean. */
const NAMING = [
  'userId',
  'userEmail',
  'uid',
  'email',
  'username',
  'hostUserId',
  'hostUserEmail',
  'visitorEmail',
];
/** Members of events, and of the cards in them, by which a card is found. */
const OF_CARDS = ['sourceUserId', 'cardNumber', 'scanData'];
/** Members that say more of a visitor. */
const OF_VISITORS = ['visitorName', 'visitorCompany'];
/** The causes where the card of one person comes with the name of another one. */
const OF_TWO_PEOPLE: unknown[] = ['differentUsers', 'cardHeld'];

/** The body of a malformed request has a list of events, and an event may have a list of cards. */
const DEEPEST = 4;

/**
 * Selects the refused events that name the person by id, e-mail address, user name, card or external id. It leaves out the
 * values in them that name other people, and the other events of a malformed request. An event that was too long to be kept
 * whole is left out: nobody can tell whom its end names.
 */
export function selectRefusedEvents(person: Person): (rows: PersonRow[]) => PersonRow[] {
  const identifiers = identifiersOf(person, person.addresses);
  return (rows) =>
    rows.flatMap((row) => {
      const event = new EventReader(identifiers, row.cause).cut(parseJson(row.event));
      return event === undefined ? [] : [{ ...row, event }];
    });
}

/** Events of this endpoint name nobody. */
const WITHOUT_PEOPLE = 'occupancy';

/**
 * Says which refused events an erasure of the person deletes: those that name the person by one of the folded names, also as the
 * whole name of a visitor, by a card or by an id; those with a text that has one of the folded terms as whole words; and those that
 * were cut off. Of the last ones nobody can tell whom their end names, and nobody can try them again.
 */
export function isRefusedOf(
  person: Person,
  names: readonly string[],
  terms: readonly string[],
): (row: RefusedRow) => boolean {
  const reader = new EventReader(identifiersOf(person, names), undefined);
  const hasVisitor = ({ visitorName }: Members) =>
    typeof visitorName === 'string' && names.includes(spaced(fold(visitorName)));
  return ({ endpoint, sourceId, eventId, reason, event }) => {
    const parsed = event === null ? null : parseJson(event);
    if (parsed === undefined) return endpoint !== WITHOUT_PEOPLE;
    return (
      reader.cut(parsed) !== undefined ||
      partsOf(parsed, (each) => (hasVisitor(each) ? each : undefined)) !== undefined ||
      [sourceId ?? '', eventId ?? '', reason, ...textsIn(parsed)].some((text) => hasTerm(fold(text), terms))
    );
  };
}

/** Where offices are at most ahead of UTC, and behind it. */
const AHEAD_MS = 14 * 3_600_000;
const BEHIND_MS = 12 * 3_600_000;
const DAY_MS = 24 * 3_600_000;

/**
 * Says which refused arrivals an erasure of a visitor deletes: those with exactly this address, those with exactly this name whose
 * time may be of this day in some time zone, and those that were cut off.
 */
export function isRefusedVisitOf(subject: VisitorSubject): (row: RefusedRow) => boolean {
  const isArrival = isArrivalOf(subject);
  return ({ event }) => {
    const parsed = event === null ? null : parseJson(event);
    return (
      parsed === undefined || partsOf(parsed, (each) => (isArrival(each) ? each : undefined)) !== undefined
    );
  };
}

/**
 * Selects the refused arrivals that name the visitor, by the same rule. It leaves out the host, the other arrivals of a malformed
 * request, and those that were cut off.
 */
export function selectRefusedVisits(subject: VisitorSubject): (rows: PersonRow[]) => PersonRow[] {
  const isArrival = isArrivalOf(subject);
  const own = (event: Members) => {
    if (!isArrival(event)) return undefined;
    const isOwn = ([member, value]: [string, unknown]) =>
      member === 'visitorEmail' ||
      !(NAMING.includes(member) || OF_CARDS.includes(member) || value instanceof Object);
    return Object.fromEntries(Object.entries(event).filter(isOwn));
  };
  return (rows) =>
    rows.flatMap((row) => {
      const event = partsOf(parseJson(row.event), own);
      return event === undefined ? [] : [{ ...row, event }];
    });
}

function isArrivalOf(subject: VisitorSubject): (event: Members) => boolean {
  const startMs = 'day' in subject ? Date.parse(`${subject.day}T00:00:00Z`) : 0;
  const mayBeOfDay = (timestamp: unknown) => {
    const text = String(timestamp);
    const atMs = Date.parse(/(Z|[+-]\d\d(:?\d\d)?)$/i.test(text) ? text : `${text}Z`);
    return Number.isNaN(atMs) || (atMs >= startMs - AHEAD_MS && atMs < startMs + DAY_MS + BEHIND_MS);
  };
  return ({ visitorEmail, visitorName, timestamp }) =>
    'email' in subject
      ? typeof visitorEmail === 'string' && fold(visitorEmail) === subject.email
      : typeof visitorName === 'string' && fold(visitorName) === subject.name && mayBeOfDay(timestamp);
}

/** The parts of an event, or of the body of a malformed request, for which `own` gives something; undefined if there are none. */
function partsOf(
  value: unknown,
  own: (event: Members, depth: number) => Members | undefined,
  depth = DEEPEST,
): unknown {
  if (typeof value !== 'object' || value === null || depth === 0) return undefined;
  const inner = (each: unknown) => partsOf(each, own, depth - 1);
  if (Array.isArray(value)) {
    const parts = value.map(inner).filter((part) => part !== undefined);
    return parts.length > 0 ? parts : undefined;
  }
  const found = own(value as Members, depth);
  if (found) return found;
  const parts = Object.entries(value)
    .map(([member, each]) => [member, inner(each)] as const)
    .filter(([, part]) => part !== undefined);
  return parts.length > 0 ? Object.fromEntries(parts) : undefined;
}

interface Identifiers {
  /** Folded. */
  names: ReadonlySet<string>;
  /** Folded by `foldCardText`. */
  cards: ReadonlySet<string>;
  externalId: string | null;
}

function identifiersOf({ userId, cardTexts, externalId }: Person, names: readonly string[]): Identifiers {
  return { names: new Set([userId, ...names]), cards: new Set(cardTexts.map(foldCardText)), externalId };
}

/** Reads an event, or the body of a malformed request, on behalf of one person. */
class EventReader {
  readonly #identifiers: Identifiers;
  readonly #isOfTwo: boolean;

  constructor(identifiers: Identifiers, cause: unknown) {
    this.#identifiers = identifiers;
    this.#isOfTwo = OF_TWO_PEOPLE.includes(cause);
  }

  /** What is about the person; undefined if nothing is. */
  cut(value: unknown, depth = DEEPEST): unknown {
    const own = (event: Members, at: number) =>
      this.#isNamed(event) ? this.#withoutOthers(event, at) : undefined;
    return partsOf(value, own, depth);
  }

  #isNamed(event: Members): boolean {
    return this.#hasName(event) || this.#hasCard(event) || cardsOf(event).some((card) => this.#hasCard(card));
  }

  #withoutOthers(event: Members, depth: number): Members {
    const isByName = this.#hasName(event);
    const keepsCards = isByName && !this.#isOfTwo;
    const isVisitor = this.#isName(event.visitorEmail);
    const cut = (member: string, value: unknown) => {
      if (NAMING.includes(member)) return this.#isName(value) ? value : undefined;
      if (OF_VISITORS.includes(member)) return isVisitor ? value : undefined;
      if (OF_CARDS.includes(member)) return keepsCards || this.#isCard(value) ? value : undefined;
      if (member === 'credentials') return cardsOf(event).filter((card) => keepsCards || this.#hasCard(card));
      return typeof value === 'object' && value !== null ? this.cut(value, depth - 1) : value;
    };
    const members = Object.entries(event).map(([member, value]) => [member, cut(member, value)] as const);
    return Object.fromEntries(members.filter(([, value]) => value !== undefined));
  }

  #hasName(event: Members): boolean {
    return NAMING.some((member) => this.#isName(event[member]));
  }

  #hasCard(event: Members): boolean {
    return OF_CARDS.some((member) => this.#isCard(event[member]));
  }

  #isName(value: unknown): boolean {
    return typeof value === 'string' && this.#identifiers.names.has(fold(value));
  }

  #isCard(value: unknown): boolean {
    if (Array.isArray(value)) return value.some((each) => this.#isCard(each));
    if (typeof value !== 'string') return false;
    return this.#identifiers.cards.has(foldCardText(value)) || value === this.#identifiers.externalId;
  }
}

function cardsOf({ credentials }: Members): Members[] {
  return Array.isArray(credentials) ? credentials.filter(isObject) : [];
}

/** Undefined for a text that is no JSON. */
function parseJson(text: unknown): unknown {
  try {
    return JSON.parse(String(text));
  } catch {
    return undefined;
  }
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
