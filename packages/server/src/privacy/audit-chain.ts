import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import type { BatchHeader, ChainEntry } from '../store/audit/batches.ts';

/** The hash before the first batch. */
export const NO_HASH = Buffer.alloc(32);
export const DIGEST_BYTES = 32;

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();

/** A value with the members of its objects in order, so that equal values have equal bytes. */
function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, member]) => [name, inOrder(member)]),
  );
}

/** The SHA-256 of an entry: of JSON with all its members, in one order, for its organisation. */
export function digestOf(tenantId: string, entry: ChainEntry): Buffer {
  const { entryId, occurredUs, action, version, actorId, targetIds, context, metadata } = entry;
  const members = [tenantId, entryId, occurredUs, action, version, actorId, targetIds, context, metadata];
  return sha256(JSON.stringify(members.map(inOrder)));
}

/** The bytes that the signature of a batch covers. */
export function headerBytes(header: BatchHeader): Buffer {
  const { tenantId, number, firstUs, lastUs, entries, digest, previousHash, sealedUs } = header;
  return bytesOf('batch', [
    tenantId,
    number,
    firstUs,
    lastUs,
    entries,
    hex(digest),
    hex(previousHash),
    sealedUs,
  ]);
}

/** The hash of a batch, which the next batch has. */
export function hashOf(header: BatchHeader): Buffer {
  return sha256(headerBytes(header));
}

/** The bytes that say that a batch was pruned at a time. */
export function prunedBytes(header: BatchHeader, prunedUs: string): Buffer {
  return bytesOf('pruned', [header.tenantId, header.number, hex(hashOf(header)), prunedUs]);
}

/** The bytes that say that a batch is the last one. */
export function headBytes(tenantId: string, { number, hash }: { number: number; hash: Buffer }): Buffer {
  return bytesOf('head', [tenantId, number, hex(hash)]);
}

function bytesOf(what: string, members: unknown[]): Buffer {
  return Buffer.from(JSON.stringify([`rollcall audit ${what} 1`, ...members]));
}

function hex(bytes: Buffer): string {
  return bytes.toString('hex');
}

/** Links entries to the batch before them. */
export function toBatch(
  entries: readonly ChainEntry[],
  before: { tenantId: string; number: number; hash: Buffer },
  sealedUs: string,
): BatchHeader & { entryIds: string[]; entryDigests: Buffer } {
  const { tenantId } = before;
  const entryDigests = Buffer.concat(entries.map((entry) => digestOf(tenantId, entry)));
  return {
    tenantId,
    number: before.number + 1,
    firstUs: entries[0]?.occurredUs ?? '0',
    lastUs: entries.at(-1)?.occurredUs ?? '0',
    entries: entries.length,
    digest: sha256(entryDigests),
    previousHash: before.hash,
    sealedUs,
    entryIds: entries.map(({ entryId }) => entryId),
    entryDigests,
  };
}

/** Whether the digests of entries are those that a batch covers. */
export function coversDigests({ digest }: BatchHeader, entryDigests: Buffer): boolean {
  return sha256(entryDigests).equals(digest);
}

export function signed(bytes: Buffer, key: KeyObject): Buffer {
  return sign(null, bytes, key);
}

export function isSigned(bytes: Buffer, signature: Buffer, key: KeyObject | undefined): boolean {
  return key !== undefined && verify(null, bytes, key, signature);
}
