/** The texts of the list of requests. */
export const requests = {
  title: 'Requests',
  intro:
    'What programs and pages asked in the last 24 hours, the newest first. Of successes that are alike, some are listed and the others are counted.',
  columns: {
    time: 'Answered',
    method: 'Method',
    route: 'Route',
    status: 'Status',
    caller: 'Key',
    duration: 'Milliseconds',
    sent: 'Bytes in',
    received: 'Bytes out',
    further: 'Alike',
    correlation: 'Correlation id',
  },
  refusals: {
    role: 'the role may not',
    network: 'from another network',
    offices: 'not of its offices',
  },
  person: 'a person',
  filter: { label: 'Requests', all: 'All', failed: 'Failed' },
  older: 'Older requests',
  newest: 'Newest requests',
  refresh: 'Ask again',
  empty: {
    title: 'No request here',
    advice:
      'A request appears some seconds after its answer. Requests without valid credentials do not appear.',
  },
};
