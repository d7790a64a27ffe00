import { randomFillSync } from 'node:crypto';

let latest = { atMs: 0, counter: 0 };
/** Random bytes for many ids. A call for each id would take longer than everything else about the id's row. */
const randomPool = { bytes: Buffer.alloc(4_096), used: 4_096 };

function randomBits(length: number): Buffer {
  if (randomPool.used + length > randomPool.bytes.length) {
    randomFillSync(randomPool.bytes);
    randomPool.used = 0;
  }
  randomPool.used += length;
  return randomPool.bytes.subarray(randomPool.used - length, randomPool.used);
}

/**
 * A UUID of version 7 (RFC 9562 §5.7) for the millisecond `atMs`. A counter follows the time (§6.2, method
 * 1). So ids that one process makes within a millisecond sort in the order in which it made them.
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
