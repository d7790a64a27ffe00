import { DAY_MS, utcDay } from '../values/days.ts';

/*
 * Arrays in PostgreSQL's binary format, which pg passes on unchanged. As text, the client would quote an array of
 * thousands and the server would parse it. That costs more than storing the rows.
 */

const OID = {
  boolean: 16,
  int2: 21,
  text: 25,
  float8: 701,
  date: 1082,
  timestamptz: 1184,
  uuid: 2950,
  jsonb: 3802,
} as const;

const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;
const NULL_LENGTH = -1;
/** 2000-01-01, the epoch of PostgreSQL. */
const EPOCH_US = Date.UTC(2000, 0, 1) * 1_000;
const EPOCH_DAY = Date.UTC(2000, 0, 1) / DAY_MS;
/** The first byte of a value of `jsonb`. */
const JSONB_VERSION = 1;
const TWO_TO_32 = 2 ** 32;

/** UUIDs, with or without hyphens. */
export function uuidArray(uuids: readonly (string | null)[]): Buffer {
  return fixedArray(OID.uuid, 16, uuids, writeUuid);
}

/** Texts without NUL, well-formed. */
export function textArray(texts: readonly (string | null)[]): Buffer {
  return variableArray(OID.text, texts, '');
}

/** JSON values as `jsonb`. Their texts have no NUL and are well-formed. */
export function jsonbArray(values: readonly (object | null)[]): Buffer {
  return variableArray(
    OID.jsonb,
    values.map((value) => value && JSON.stringify(value)),
    String.fromCharCode(JSONB_VERSION),
  );
}

/** Instants in whole microseconds since 1970. */
export function instantArray(instantsUs: readonly number[]): Buffer {
  return fixedArray(OID.timestamptz, 8, instantsUs, (buffer, instantUs, at) => {
    const us = instantUs - EPOCH_US;
    const high = Math.floor(us / TWO_TO_32);
    buffer.writeInt32BE(high, at);
    buffer.writeUInt32BE(us - high * TWO_TO_32, at + 4);
  });
}

/** Days as `YYYY-MM-DD`. Throws `RangeError` for other texts. */
export function dayArray(days: readonly string[]): Buffer {
  let latest: { day: string; number: number } | undefined;
  return fixedArray(OID.date, 4, days, (buffer, day, at) => {
    // Most arrays have the same day in many rows.
    if (latest?.day !== day) latest = { day, number: dayNumber(day) };
    buffer.writeInt32BE(latest.number, at);
  });
}

function dayNumber(day: string): number {
  const ms = Date.parse(`${day}T00:00Z`);
  // JavaScript reads 30 February as 2 March.
  if (Number.isNaN(ms) || utcDay(ms) !== day) throw new RangeError(`${day} is not a day.`);
  return ms / DAY_MS - EPOCH_DAY;
}

/** Booleans; none is null. */
export function booleanArray(values: readonly boolean[]): Buffer {
  return fixedArray(OID.boolean, 1, values, (buffer, value, at) => buffer.writeUInt8(value ? 1 : 0, at));
}

/** Numbers in double precision. */
export function float8Array(values: readonly (number | null)[]): Buffer {
  return fixedArray(OID.float8, 8, values, (buffer, value, at) => buffer.writeDoubleBE(value, at));
}

/** Integers from -32,768 to 32,767. Throws `RangeError` for others. */
export function int2Array(values: readonly (number | null)[]): Buffer {
  return fixedArray(OID.int2, 2, values, (buffer, value, at) => buffer.writeInt16BE(value, at));
}

function fixedArray<T extends string | number | boolean>(
  oid: number,
  bytes: number,
  values: readonly (T | null)[],
  write: (buffer: Buffer, value: T, at: number) => void,
): Buffer {
  const buffer = Buffer.allocUnsafe(HEADER_BYTES + values.length * (LENGTH_BYTES + bytes));
  let at = writeHeader(buffer, oid, values);
  for (const value of values) {
    buffer.writeInt32BE(value === null ? NULL_LENGTH : bytes, at);
    at += LENGTH_BYTES;
    if (value === null) continue;
    write(buffer, value, at);
    at += bytes;
  }
  return buffer.subarray(0, at);
}

/** Texts, each with `prefix` before it. */
function variableArray(oid: number, texts: readonly (string | null)[], prefix: string): Buffer {
  let room = HEADER_BYTES;
  for (const text of texts) room += LENGTH_BYTES + prefix.length + 3 * (text?.length ?? 0);
  const buffer = Buffer.allocUnsafe(room);
  let at = writeHeader(buffer, oid, texts);
  for (const text of texts) {
    const bytes = text === null ? NULL_LENGTH : buffer.write(prefix + text, at + LENGTH_BYTES);
    buffer.writeInt32BE(bytes, at);
    at += LENGTH_BYTES + Math.max(bytes, 0);
  }
  return buffer.subarray(0, at);
}

/** Writes the header: one dimension that counts from 1, or none where the array is empty. */
function writeHeader(buffer: Buffer, oid: number, values: readonly unknown[]): number {
  buffer.writeInt32BE(values.length === 0 ? 0 : 1, 0);
  buffer.writeInt32BE(values.includes(null) ? 1 : 0, 4);
  buffer.writeInt32BE(oid, 8);
  if (values.length === 0) return 12;
  buffer.writeInt32BE(values.length, 12);
  buffer.writeInt32BE(1, 16);
  return HEADER_BYTES;
}

const HYPHEN = 45;

/** The values of hexadecimal digits of either case, by their character codes. */
const NIBBLES = new Uint8Array(128);
for (const [value, digit] of [...'0123456789abcdef'].entries()) {
  NIBBLES[digit.charCodeAt(0)] = value;
  NIBBLES[digit.toUpperCase().charCodeAt(0)] = value;
}

function writeUuid(buffer: Buffer, uuid: string, at: number): void {
  let byte = at;
  for (let i = 0; i < uuid.length; i += 2) {
    if (uuid.charCodeAt(i) === HYPHEN) i++;
    const [high = 0, low = 0] = [NIBBLES[uuid.charCodeAt(i)], NIBBLES[uuid.charCodeAt(i + 1)]];
    buffer[byte++] = (high << 4) | low;
  }
}
