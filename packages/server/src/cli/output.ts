/** Formats rows as a table with a header. A column is as wide as its widest cell. */
export function formatTable(rows: Record<string, string>[]): string {
  const [first] = rows;
  if (!first) return '';
  const names = Object.keys(first);
  const lines = [names, ...rows.map((row) => names.map((name) => row[name] ?? ''))];
  const widths = names.map((_, index) => Math.max(...lines.map((line) => (line[index] ?? '').length)));
  return lines
    .map((line) =>
      line
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Replaces control characters: texts come from outside, and must not control the terminal. */
export function forTerminal(text: string): string {
  return text.replace(/\p{Cc}/gu, '\ufffd');
}

/** Writes the result of a command to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Writes a remark to standard error, so that results can be piped. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A time as lists show it: to the second, in UTC. */
export function formatTime(time: Date | null): string {
  return time ? `${time.toISOString().slice(0, 19)}Z` : '-';
}
