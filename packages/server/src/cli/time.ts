import { InvalidArgumentError } from 'commander';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads a duration such as `90s`, `30m`, `24h` or `7d` into milliseconds. */
export function parseDuration(text: string): number {
  const match = /^(\d+)([smhd])$/.exec(text);
  if (!match) throw new InvalidArgumentError('It must be a duration such as 30m, 24h or 7d.');
  return Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS];
}

/** Reads a time in the future: an ISO 8601 date or instant, or a duration from now. */
export function parseFuture(text: string): Date {
  const instant = /^\d+[smhd]$/.test(text) ? new Date(Date.now() + parseDuration(text)) : new Date(text);
  if (!/^\d/.test(text) || Number.isNaN(instant.getTime())) {
    throw new InvalidArgumentError(
      'It must be a date such as 2027-01-31, an instant, or a duration such as 90d.',
    );
  }
  if (instant.getTime() <= Date.now()) throw new InvalidArgumentError('It must be in the future.');
  return instant;
}

/** Reads a time in the past: an ISO 8601 date or instant, or a duration before now. */
export function parsePast(text: string): Date {
  const instant = /^\d+[smhd]$/.test(text) ? new Date(Date.now() - parseDuration(text)) : new Date(text);
  if (!/^\d/.test(text) || Number.isNaN(instant.getTime())) {
    throw new InvalidArgumentError(
      'It must be a duration such as 2h or 3d, a date such as 2026-01-31, or an instant.',
    );
  }
  return instant;
}
