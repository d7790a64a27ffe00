import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const RESULTS = fileURLToPath(new URL('../results-sizing.json', import.meta.url));
const DOCUMENT = fileURLToPath(new URL('../../docs/sizing.md', import.meta.url));
const [BEGIN, END] = ['<!-- sizes -->', '<!-- /sizes -->'];
const GB = 1e9;
const WORKING_DAYS = 260;
/** Of the people, this part comes to an office on a working day: six of ten days, as in the data of the benchmark. */
const OFFICE_DAYS = 0.6;
/** Badge readers send at most so many times the events of an average second, within a working day of so many hours. */
const PEAK = 10;
const HOURS = 10;
const YEARS = [1, 3, 5];
const EVENTS_A_DAY = [2, 10];

/** The measured figures and the disk that follows from them, as Markdown. */
export function tables(measured) {
  return [measuredTable(measured), processorTable(measured), diskTable(measured)].join('\n\n');
}

function measuredTable(measured) {
  const rows = {
    desks: ({ desks }) => count(desks),
    'stored presence events; plans; bookings': ({ history }) =>
      [history.events, history.plans, history.bookings].map(count).join('; '),
    'memory of the server at rest': ({ memory }) => mb(memory.restMb),
    'memory of the server at full load': ({ memory }) => mb(memory.loadMb),
    'memory of PostgreSQL at rest; at full load': ({ memory }) =>
      `${mb(memory.postgresRestMb)}; ${mb(memory.postgresLoadMb)}`,
    'processor time of an event, in batches of 100: server; PostgreSQL': ({ events }) => micros(events),
    'processor time of a login and an event: server; PostgreSQL': ({ posts }) => micros(posts),
    'export of attendance of four weeks: rows, time': ({ exports }) => took(exports.attendance),
    'export of presence of four weeks: rows, time': ({ exports }) => took(exports.presence),
    'processor time of a row of attendance: server; PostgreSQL': ({ exports }) => micros(exports.attendance),
    'processor time of a row of presence: server; PostgreSQL': ({ exports }) => micros(exports.presence),
    'disk of an event': ({ disk }) => bytesEach(disk.events),
    'disk of a day with a plan; of a booking; of a line of the action log': ({ disk }) =>
      [disk.plans, disk.bookings, disk.log].map(bytesEach).join('; '),
    'disk of a person': ({ disk }) => bytesEach(disk.people),
    'disk of the aggregates, for a day of a person in the office': ({ disk }) =>
      bytesEach(aggregatesOf(disk)),
  };
  return [
    `| | ${measured.map(({ people }) => `${count(people)} people`).join(' | ')} |`,
    `|---|${measured.map(() => '---|').join('')}`,
    ...Object.entries(rows).map(([name, of]) => `| ${name} | ${measured.map(of).join(' | ')} |`),
  ].join('\n');
}

/** Shares of a core in the busiest hour, and times of exports of years, from the measured times of an event and of a row. */
function processorTable(measured) {
  const load = ({ people, posts }, events) => {
    const perSecond = ((people * OFFICE_DAYS * events) / (HOURS * 3_600)) * PEAK;
    return [posts.serverMicros, posts.postgresMicros]
      .map((each) => share(perSecond * each * 1e-6))
      .join('; ');
  };
  const exported = ({ people, exports }, years) =>
    duration(people * WORKING_DAYS * years * (exports.attendance.seconds / exports.attendance.rows));
  const columns = [
    ...EVENTS_A_DAY.map((events) => [
      `${events} events a day, of one core in the busiest hour: server; PostgreSQL`,
      (site) => load(site, events),
    ]),
    ...YEARS.map((years) => [`export of attendance, ${yearsOf(years)}`, (site) => exported(site, years)]),
  ];
  return [
    `| people | ${columns.map(([name]) => name).join(' | ')} |`,
    `|---|${columns.map(() => '---|').join('')}`,
    ...measured.map((site) => `| ${count(site.people)} | ${columns.map(([, of]) => of(site)).join(' | ')} |`),
  ].join('\n');
}

/** The disk of so many years, from the bytes of a row and the rows of a year. */
function diskTable(measured) {
  const columns = EVENTS_A_DAY.flatMap((events) => YEARS.map((years) => ({ events, years })));
  return [
    `| people | ${columns.map(({ events, years }) => `${events} events a day, ${yearsOf(years)}`).join(' | ')} |`,
    `|---|${columns.map(() => '---|').join('')}`,
    ...measured.map(
      (site) =>
        `| ${count(site.people)} | ${columns.map((column) => gb(diskOf(site, column))).join(' | ')} |`,
    ),
  ].join('\n');
}

/** Bytes of `years` with so many `events` of a person on a day in the office. */
function diskOf({ people, disk }, { events, years }) {
  const days = people * WORKING_DAYS * years;
  const each = ({ bytes, rows }) => bytes / Math.max(1, rows);
  const eventBytes = days * OFFICE_DAYS * events * each(disk.events);
  const planBytes = days * (each(disk.plans) + OFFICE_DAYS * each(disk.bookings) + each(disk.log));
  const aggregates = days * OFFICE_DAYS * each(aggregatesOf(disk));
  return disk.people.bytes + eventBytes + planBytes + aggregates;
}

/** A person of the benchmark has one event on each day in the office. */
const aggregatesOf = ({ aggregates, events }) => ({ bytes: aggregates.bytes, rows: events.rows });

/** Writes the figures into results-sizing.json and docs/sizing.md. */
export function saveSizes(measured, machine) {
  const date = new Date().toISOString().slice(0, 10);
  const { cpu, cores, memoryGb, system, node, postgres, rollcall } = machine;
  const of = { date, cpu, cores, memoryGb, system, node, postgres, rollcall };
  writeFileSync(RESULTS, `${JSON.stringify({ ...of, measured }, null, 2)}\n`);
  const [before, rest] = readFileSync(DOCUMENT, 'utf8').split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${DOCUMENT} has no section for the tables.`);
  const circumstances = `Measured ${date}, Rollcall ${rollcall}; ${cpu}, ${cores} cores, ${memoryGb} GB, ${system}; Node.js ${node}, PostgreSQL ${postgres}.`;
  writeFileSync(
    DOCUMENT,
    `${before}${BEGIN}\n${measuredTable(measured)}\n\n${circumstances}\n${END}${after.replace(
      /<!-- (processor|disk) -->[\s\S]*?<!-- \/\1 -->/g,
      (_, name) => `<!-- ${name} -->\n${DERIVED[name](measured)}\n<!-- /${name} -->`,
    )}`,
  );
}

/** The tables that follow from the measured one, by the name of their place in the document. */
const DERIVED = { processor: processorTable, disk: diskTable };

const count = (number) => Math.round(number).toLocaleString('en');
const mb = (value) => `${count(value)} MB`;
const yearsOf = (years) => `${years} ${years === 1 ? 'year' : 'years'}`;
const share = (cores) => `${rounded(cores * 100)} %`;
const duration = (seconds) => (seconds < 100 ? `${rounded(seconds)} s` : `${count(seconds / 60)} min`);
const gb = (bytes) => `${rounded(bytes / GB)} GB`;
const rounded = (value) => (value < 10 ? value.toPrecision(2) : count(value));
const bytesEach = ({ bytes, rows }) => (rows === 0 ? '–' : `${count(bytes / rows)} bytes`);
const micros = ({ serverMicros, postgresMicros }) =>
  [serverMicros, postgresMicros]
    .map((each) => `${each < 100 ? each.toPrecision(2) : count(each)} µs`)
    .join('; ');
const took = ({ rows, seconds }) => `${count(rows)}, ${seconds.toFixed(1)} s`;
