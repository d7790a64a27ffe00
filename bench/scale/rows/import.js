import { pickedLine } from '../../rows/common.js';

const KINDS = { users: 'people', desks: 'desks' };

/** `rollcall import` of people and of desks, against `COPY` of the same rows. */
export async function imports({ measured, size }) {
  return Object.entries(KINDS).flatMap(([kind, word]) => {
    const ours = measured.imported.map((each) => each[kind].ours);
    const theirs = measured.imported.map((each) => each[kind].bare);
    const what = `\`rollcall import\` of ${size[word].toLocaleString('en')} ${word}`;
    const line = (label, unit, pick, against) =>
      pickedLine({
        row: 'import',
        what: `${what}${label}`,
        unit,
        ours,
        against,
        theirs,
        pick,
      });
    return [
      line('', 'rows/s', ({ perSecond }) => perSecond, '`COPY` into a bare table'),
      ...(ours.every(({ microsPerRow }) => microsPerRow !== undefined)
        ? [line(', processor time of a row', 'µs', ({ microsPerRow }) => microsPerRow, '`COPY`')]
        : []),
    ];
  });
}
