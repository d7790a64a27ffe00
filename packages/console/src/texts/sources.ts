/** The texts of sources of events. */
export const sources = {
  title: 'Sources',
  intro: 'A source is what sends events: a door, a sensor, a reception desk, an HR system.',
  columns: {
    source: 'Source',
    endpoint: 'Endpoint',
    last: 'Last event',
    accepted: 'Accepted, 24 h',
    refused: 'Refused, 24 h',
    state: 'State',
  },
  unnamed: 'without a name',
  quiet: 'Quiet',
  active: 'As usual',
  quietCount: (count: string) => `Quiet: ${count}`,
  quietHint:
    'A quiet source is silent in at least two hours in which it usually sends. Check the device and its connection.',
  all: 'All sources',
  rates: 'Events of all sources',
  ratesOf: (source: string, endpoint: string) => `Events of ${source}, ${endpoint}`,
  refusedOf: (source: string) => `Refused events of ${source}`,
  by: { label: 'Counts', hour: 'By hour, 48 hours', day: 'By day, 30 days' },
  hour: 'Hour',
  day: 'Day',
  accepted: 'Accepted',
  refused: 'Refused',
  note: (timeZone: string) =>
    `Counts are a few seconds late. A repeated event counts again. Times are in the time zone ${timeZone}.`,
  more: 'All sources, with their rates',
  empty: {
    title: 'No source has sent anything',
    advice: 'Create a key on the tab Keys, and send the first event with it.',
  },
};

/** The texts of the daily event quota. */
export const eventQuota = {
  near: 'Most of the daily event quota is used',
  usedUp: 'The daily event quota is used up',
  use: (stored: string, quota: string) =>
    `The server has stored ${stored} events today, of ${quota} that it may store on a day of UTC.`,
  until: (instant: string) =>
    `When the quota is used up, the server refuses further events until ${instant}; senders have to send them again. The operator of the server can raise the quota.`,
};
