import ipaddr from 'ipaddr.js';
import { LRUCache } from 'lru-cache';

/** An IPv6 network of one site: RFC 6177 gives every site at least a /64. */
const SITE_BYTES = 8;
/** A longer text is no address, not even one with a zone. */
const LONGEST_ADDRESS = 64;

/** Networks of recent addresses. To parse one takes some microseconds, which a login would notice. */
const recent = new LRUCache<string, string>({ max: 10_000 });

/** The network of an address: an IPv4 address itself, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  if (!address.includes(':') || address.length > LONGEST_ADDRESS) return address;
  const known = recent.get(address);
  if (known !== undefined) return known;
  const network = parsedNetworkOf(address);
  recent.set(address, network);
  return network;
}

function parsedNetworkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4'
    ? parsed.toString()
    : Buffer.from(parsed.toByteArray().slice(0, SITE_BYTES)).toString('hex');
}

/** Whether only this machine can reach the address, or name, on which a server listens. */
export function isLoopback(host: string): boolean {
  return ['', 'localhost', '::1', '[::1]'].includes(host) || /^127\./.test(host);
}
