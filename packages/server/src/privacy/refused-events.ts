import type { Person } from '../store/privacy/person.ts';
import type { PersonRow } from '../store/privacy/person-rows.ts';
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
  const { userId, addresses, cardTexts, externalId } = person;
  const identifiers = {
    names: new Set([userId, ...addresses]),
    cards: new Set(cardTexts.map(foldCardText)),
    externalId,
  };
  return (rows) =>
    rows.flatMap((row) => {
      const event = new EventReader(identifiers, row.cause).cut(parseJson(row.event));
      return event === undefined ? [] : [{ ...row, event }];
    });
}

interface Identifiers {
  /** Folded. */
  names: ReadonlySet<string>;
  /** Folded by `foldCardText`. */
  cards: ReadonlySet<string>;
  externalId: string | null;
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
    if (typeof value !== 'object' || value === null || depth === 0) return undefined;
    if (Array.isArray(value)) {
      const parts = value.map((each) => this.cut(each, depth - 1)).filter((part) => part !== undefined);
      return parts.length > 0 ? parts : undefined;
    }
    const event = value as Members;
    if (this.#isNamed(event)) return this.#withoutOthers(event, depth);
    const parts = Object.entries(event)
      .map(([member, each]) => [member, this.cut(each, depth - 1)] as const)
      .filter(([, part]) => part !== undefined);
    return parts.length > 0 ? Object.fromEntries(parts) : undefined;
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

function isObject(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
