import { randomFillSync } from 'node:crypto';

let latest = { atMs: 0, counter: 0 };
/** Drawn for many ids at once: a call for each would take longer than everything else about a row that gets one. */
const chance = { bytes: Buffer.alloc(4_096), used: 4_096 };

function randomBits(length: number): Buffer {
  if (chance.used + length > chance.bytes.length) {
    randomFillSync(chance.bytes);
    chance.used = 0;
  }
  chance.used += length;
  return chance.bytes.subarray(chance.used - length, chance.used);
}

/**
 * A UUID of version 7 (RFC 9562 §5.7), of the millisecond `atMs`. A counter follows the time (§6.2, method 1), so ids that
 * one process makes within a millisecond sort in the order in which it made them.
 */
export function uuidV7(atMs: number): string {
  latest = { atMs, counter: atMs === latest.atMs ? latest.counter + 1 : 0 };
  const bytes = randomBits(16);
  bytes.writeUIntBE(atMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | ((latest.counter >>> 14) & 0xfff), 6);
  bytes.writeUInt16BE(0x8000 | (latest.counter & 0x3fff), 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
