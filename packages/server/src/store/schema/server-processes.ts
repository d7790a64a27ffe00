import type { PreparedStatement } from '../connections/pipeline.ts';

/** Notes that a process lives. Pass the answer to `readProcessCount`. */
export function serverProcessNote(processId: string): PreparedStatement {
  return {
    name: 'note server process',
    text: 'SELECT note_server_process($1)',
    values: [processId],
  };
}

/** How many processes live, from the answer of `serverProcessNote`. Throws if the answer is missing. */
export function readProcessCount(answer: string | undefined): number {
  if (answer === undefined) throw new Error('The database did not answer how many processes live.');
  return Number(answer);
}

/** Forgets a process that ends. */
export function serverProcessRemoval(processId: string): PreparedStatement {
  return {
    name: 'forget server process',
    text: 'SELECT forget_server_process($1)',
    values: [processId],
  };
}
