import { ratioLine } from '../../rows/common.js';
import { ratioOf } from '../../statistics.js';

const KINDS = { users: 'people', desks: 'desks' };

/** `rollcall import` of people and of desks, against `COPY` of the same rows. */
export async function imports({ measured, size }) {
  return Object.entries(KINDS).flatMap(([kind, word]) => {
    const ours = measured.imported.map((each) => each[kind].ours);
    const theirs = measured.imported.map((each) => each[kind].bare);
    const what = `\`rollcall import\` of ${size[word].toLocaleString('en')} ${word}`;
    const line = (label, unit, pick, against) =>
      ratioLine({
        row: 'import',
        what: `${what}${label}`,
        unit,
        ours: ours.map(pick),
        against,
        theirs: theirs.map(pick),
        ratio: ratioOf(ours.map(pick), theirs.map(pick)),
      });
    return [
      line('', 'rows/s', ({ perSecond }) => perSecond, '`COPY` into a bare table'),
      ...(ours.every(({ microsPerRow }) => microsPerRow !== undefined)
        ? [line(', processor time of a row', 'µs', ({ microsPerRow }) => microsPerRow, '`COPY`')]
        : []),
    ];
  });
}
