import { parseArgs } from 'node:util';

export const USAGE = `usage: npm run fuzz -- [--requests 100000] [--seed N] [--operation 'GET /v1/manage/users'] [--path P]
  --requests   how many requests it sends; each failure costs some more, because it is made smaller
  --seed       the run of another day; by default the date as a number, such as 20260310
  --operation  only this operation; may be given more than once
  --path       one case again, as a failed run prints it; needs the --seed of that run`;

/** What one run does. */
export interface Options {
  requests: number;
  seed: number;
  /** Ids of operations; all operations if it is empty. */
  operations: string[];
  path: string | undefined;
}

/** Reads the arguments. Throws a sentence for the user. */
export function readOptions(args: string[], nowMs: number): Options | 'help' {
  const { values } = parseArgs({
    args,
    options: {
      requests: { type: 'string', default: '100000' },
      seed: { type: 'string' },
      operation: { type: 'string', multiple: true, default: [] },
      path: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  const requests = Number(values.requests);
  const seed = Number(values.seed ?? seedOfDay(nowMs));
  if (!Number.isSafeInteger(requests) || requests < 1) throw new Error('--requests must be a number from 1.');
  if (!Number.isInteger(seed) || seed !== (seed | 0))
    throw new Error('--seed must be a whole number of 32 bits.');
  if (values.path !== undefined && values.seed === undefined) throw new Error('--path needs --seed.');
  return { requests, seed, operations: values.operation, path: values.path };
}

/** The date in UTC as a number, such as 20260310: each day has a seed of its own, which a log can name. */
function seedOfDay(nowMs: number): number {
  return Number(new Date(nowMs).toISOString().slice(0, 10).replaceAll('-', ''));
}
