import { textFault } from '../http/text.ts';
import type { AccessCredentialRow, CardHolding } from '../store/directory/access-credentials.ts';
import { cardTextDigest, digest, foldCardText } from '../store/values/digest.ts';
import type { Fault } from './refusal-causes.ts';
import { textsFault } from './values.ts';

/** A card as a client submits it. */
export interface Card {
  active: boolean;
  cardNumber: string;
  facilityCode?: string | null;
  scanData: string[];
  credentialType: string;
}

/**
 * The digest that identifies a card, independent of how its number is written. An absent facility code equals an
 * empty one.
 */
export function cardDigest({ facilityCode, cardNumber }: Pick<Card, 'facilityCode' | 'cardNumber'>): string {
  return digest([facilityCode ?? '', foldCardText(cardNumber)]);
}

const SHORTENED = /^\s*\d+(?:[.,]\d+)?E\+\d+\s*$/i;

/** Returns the fault of a number that a spreadsheet wrote as `5.63537E+08`: its last digits are lost. */
export function shortenedFault(text: string): string | undefined {
  return SHORTENED.test(text)
    ? 'is a number that a spreadsheet has shortened; format its column as text, and export the file again'
    : undefined;
}

/** Returns the fault of a card by itself. The text names the member. */
export function credentialFault({
  cardNumber,
  facilityCode,
  credentialType,
  scanData,
}: Card): Fault | undefined {
  const fault = textsFault({ cardNumber, facilityCode, credentialType });
  if (fault) return fault;
  for (const text of scanData) {
    const scanFault = textFault(text);
    if (scanFault) return { cause: 'invalidText', message: `scanData ${scanFault}` };
  }
  const shortened = shortenedFault(cardNumber);
  if (shortened) return { cause: 'shortenedCard', message: `cardNumber ${shortened}` };
  return cardNumber.trim() === '' ? { cause: 'invalidValue', message: 'cardNumber is empty' } : undefined;
}

/** The cards that a request names, with the changes that the request has made so far. */
export class Cards {
  readonly #holdings: Map<string, Omit<CardHolding, 'cardDigest'>>;
  readonly #changed = new Map<string, AccessCredentialRow>();

  constructor(holdings: CardHolding[]) {
    this.#holdings = new Map(holdings.map((holding) => [holding.cardDigest, holding]));
  }

  /**
   * Applies a submitted card to this active user. If a rule forbids that, it changes nothing and returns the fault.
   */
  apply(userId: string, card: Card): Fault | undefined {
    const key = cardDigest(card);
    const held = this.#holdings.get(key);
    if (held && held.userId !== userId) {
      const reason = heldReason(held.inForce, card.active);
      if (reason !== undefined) return { cause: 'cardHeld', message: reason };
    }
    this.#holdings.set(key, { userId, inForce: card.active });
    this.#changed.set(key, toRow(key, userId, card));
    return undefined;
  }

  /** The changed cards in the form to store, each once. */
  get changed(): AccessCredentialRow[] {
    return [...this.#changed.values()];
  }
}

/** Why an update cannot change the card of someone else; undefined if it takes the card over. */
function heldReason(inForce: boolean, activates: boolean): string | undefined {
  if (inForce) return 'the card is active for someone else';
  return activates
    ? undefined
    : 'the card belongs to someone else; only an update that activates it takes it over';
}

function toRow(key: string, userId: string, card: Card): AccessCredentialRow {
  // Readers send an empty text when they read no card.
  const scanData = card.scanData.filter((text) => text !== '');
  const scans = new Map(scanData.map((text) => [cardTextDigest(text), text]));
  return {
    cardDigest: key,
    cardNumberDigest: cardTextDigest(card.cardNumber),
    facilityCode: card.facilityCode ?? '',
    cardNumber: card.cardNumber,
    userId,
    active: card.active,
    credentialType: card.credentialType,
    scans: [...scans].map(([scanDigest, text]) => ({ scanDigest, scanData: text })),
  };
}
