import type { Reply } from '@rollcall/sdk';

type Cause = NonNullable<Reply<'GET /v1/manage/refused-events/causes'>['items'][number]['cause']>;
type Obstacle = NonNullable<Reply<'GET /v1/manage/refused-events'>['items'][number]['obstacle']>;

const SEND_AGAIN = 'Correct the source, and let it send the event again.';

/** What each cause means, and what to do about it. */
const causes: Record<Cause, { name: string; advice: string }> = {
  unknownUser: {
    name: 'Unknown user',
    advice: 'Add the user, or correct the e-mail address here. Then try again.',
  },
  noUser: { name: 'No user', advice: `The event names no user. ${SEND_AGAIN}` },
  unknownCard: { name: 'Unknown card', advice: 'Add the card to its user. Then try again.' },
  ambiguousCard: {
    name: 'Card of several users',
    advice: 'Deactivate the card that is out of use. Then try again.',
  },
  shortenedCard: {
    name: 'Shortened card number',
    advice: 'A spreadsheet has shortened the number. Format its column as text, and send the file again.',
  },
  unknownPlace: { name: 'Unknown place', advice: 'Add the place with this id. Then try again.' },
  otherOffice: {
    name: 'Place of another office',
    advice: 'The key is bound to other offices. Change its offices, or the source. Then try again.',
  },
  otherPlaceKind: {
    name: 'Place of another kind',
    advice: `The place is of another kind than the event says. ${SEND_AGAIN}`,
  },
  unknownTimeZone: {
    name: 'Unknown time zone',
    advice: 'Give the office a time zone that the database knows. Then try again.',
  },
  differentUsers: {
    name: 'Different users',
    advice:
      'The id and the name belong to different users. Correct the user here, or the source. Then try again.',
  },
  cardHeld: { name: 'Card of someone else', advice: 'Deactivate the card for its holder. Then try again.' },
  invalidTime: { name: 'Not a time', advice: `The time has no format that the server reads. ${SEND_AGAIN}` },
  timeOutOfRange: {
    name: 'Time out of range',
    advice: 'Correct the clock of the source. An event that was ahead can be tried again later.',
  },
  pastRetention: {
    name: 'Older than what is kept',
    advice:
      'The organisation no longer keeps such events of that time, or names of that year. Keep them for longer, or leave it.',
  },
  invalidDates: {
    name: 'Invalid dates',
    advice: `The dates of the time off are not possible. ${SEND_AGAIN}`,
  },
  invalidPlaceKind: { name: 'Not a kind of place', advice: SEND_AGAIN },
  invalidText: { name: 'Invalid text', advice: SEND_AGAIN },
  invalidValue: { name: 'Invalid value', advice: `The reason names the member. ${SEND_AGAIN}` },
  malformedRequest: {
    name: 'Malformed request',
    advice: 'The server refused the whole request. Correct its sender, and let it send the request again.',
  },
};

const obstacles: Record<Obstacle, string> = {
  tooLong:
    'The event has more than 16 KiB, so the server did not keep it whole. Its source must send it again.',
  malformedRequest: 'The whole request was malformed. Its sender must correct it and send it again.',
  invalidSourceId: 'The database cannot hold its sourceId as it was sent. Its source must send it again.',
  earlierRelease: 'An earlier release kept it without its cause. Its source must send it again.',
};

/** The texts of refused events. */
export const refused = {
  title: 'Refused events',
  intro:
    'The server refused these events of the last 30 days. Mend the cause, then try the events again: they go the way of new events.',
  causes,
  obstacles,
  noCause: {
    name: 'Of an earlier release',
    advice: 'These events have no cause, and cannot be tried again.',
  },
  byCause: 'By cause',
  ofSource: (source: string) => `Events of the source ${source} only.`,
  onlySource: (source: string) => `Only events of the source ${source}`,
  allCauses: 'All causes',
  columns: {
    cause: 'Cause',
    count: 'Events',
    retriable: 'Can be tried',
    last: 'Last refused',
    advice: 'What to do',
    retry: 'Try again',
  },
  retry: 'Try again',
  retryAll: (count: string, cause: string) => `Try again: ${count}, ${cause}`,
  retryOne: (event: string) => `Try again: the event ${event}`,
  stop: 'Stop',
  progress: (done: string, all: string) => `Tried ${done} of ${all}`,
  result: (mended: string, again: string, skipped: string) =>
    `${mended} stored, ${again} refused again, ${skipped} not tried.`,
  stopped: 'You stopped it. The remaining events are unchanged.',
  notTried: (reason: string) => `Not tried: ${reason}.`,
  refusedAgain: (reason: string) => `Refused again: ${reason}.`,
  state: { label: 'Events', open: 'Open', mended: 'Mended' },
  events: 'Events',
  eventsOf: (cause: string) => `Events: ${cause}`,
  eventColumns: {
    refused: 'Refused',
    mended: 'Stored',
    endpoint: 'Endpoint',
    source: 'Source',
    event: 'Event',
    reason: 'Reason',
  },
  details: (event: string) => `Details of the event ${event}`,
  detailsTitle: 'A refused event',
  close: 'Close',
  gone: 'The server no longer has this event. It keeps the newest events of the last 30 days.',
  members: { cause: 'Cause', key: 'Sent by', code: 'Result code', tried: 'Last tried', by: 'by' },
  shortened: 'Only the beginning of the event is here.',
  older: 'Older events',
  newest: 'Newest events',
  empty: {
    open: {
      title: 'Nothing is refused',
      advice: 'Every event of the last 30 days is stored. There is nothing to do.',
    },
    mended: { title: 'Nothing is mended yet', advice: 'Events that a later try has stored stand here.' },
  },
  emptyOfSource: {
    title: 'No such event of this source',
    advice:
      'Look at the events of all sources, or see on the tab Sources when this source sent its last event.',
  },
};
