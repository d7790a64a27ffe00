import { pickedLine } from '../../rows/common.js';

/** The first horizon for everybody, against the first horizon of an organisation with a tenth of the people. */
export async function horizon({ measured, size, smallSize }) {
  const { all, tenth } = measured.horizon;
  const against = `${smallSize.people.toLocaleString('en')} people`;
  const line = (label, unit, pick, goal) =>
    pickedLine({
      row: 'horizon',
      what: `first horizon of ${size.people.toLocaleString('en')} people, ${label}`,
      unit,
      ours: all,
      against,
      theirs: tenth,
      pick,
      ...goal,
    });
  const isMeasured = all.every(({ postgresMicros }) => !Number.isNaN(postgresMicros));
  return [
    line('time', 's', ({ seconds }) => seconds),
    line("processor time of the job's process for a day of a person", 'µs', ({ jobMicros }) => jobMicros),
    ...(isMeasured
      ? [
          line(
            'processor time of PostgreSQL for a day of a person',
            'µs',
            ({ postgresMicros }) => postgresMicros,
          ),
        ]
      : []),
    line("most resident memory of the job's process", 'MB', ({ peakMb }) => peakMb, { most: 1.2 }),
  ];
}
