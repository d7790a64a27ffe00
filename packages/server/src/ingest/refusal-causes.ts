/** Result codes: the vendor defines 0 to 2, Rollcall defines 3. */
export const RESULT = { stored: 0, userNotFound: 1, locationNotFound: 2, notAcceptable: 3 } as const;
export type ResultCode = (typeof RESULT)[keyof typeof RESULT];
type RefusedCode = Exclude<ResultCode, 0>;

/**
 * Every cause of a refusal, with the result code that its sender receives. The names are stable: programs and people
 * filter by them. docs/refused-events.md explains each cause.
 */
export const REFUSAL_CAUSES = {
  unknownUser: RESULT.userNotFound,
  noUser: RESULT.userNotFound,
  unknownCard: RESULT.userNotFound,
  ambiguousCard: RESULT.userNotFound,
  shortenedCard: RESULT.userNotFound,
  unknownPlace: RESULT.locationNotFound,
  otherOffice: RESULT.locationNotFound,
  otherPlaceKind: RESULT.locationNotFound,
  unknownTimeZone: RESULT.locationNotFound,
  differentUsers: RESULT.notAcceptable,
  cardHeld: RESULT.notAcceptable,
  invalidTime: RESULT.notAcceptable,
  timeOutOfRange: RESULT.notAcceptable,
  pastRetention: RESULT.notAcceptable,
  invalidDates: RESULT.notAcceptable,
  invalidPlaceKind: RESULT.notAcceptable,
  invalidText: RESULT.notAcceptable,
  invalidValue: RESULT.notAcceptable,
} as const satisfies Record<string, RefusedCode>;

/** The cause of one refused event. */
export type EventCause = keyof typeof REFUSAL_CAUSES;
/** The cause of a refused event, or of a request that is malformed as a whole. */
export type RefusalCause = EventCause | 'malformedRequest';

export const CAUSES = [...Object.keys(REFUSAL_CAUSES), 'malformedRequest'] as RefusalCause[];

/** A fault of an event by itself. `message` names the member. */
export interface Fault {
  cause: EventCause;
  message: string;
}

/** Why the server refused an event. `message` names the member. */
export interface Refusal extends Fault {
  resultCode: RefusedCode;
}

export function refuse(cause: EventCause, message: string): Refusal {
  return { resultCode: REFUSAL_CAUSES[cause], cause, message };
}

/** Whether an outcome is a refusal, rather than a row, a user or a node. */
export function isRefusal(outcome: object | undefined): outcome is Refusal {
  return outcome !== undefined && 'resultCode' in outcome;
}
