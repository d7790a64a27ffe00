import ipaddr from 'ipaddr.js';

/** An IPv6 network of one site: RFC 6177 gives every site at least a /64. */
const SITE_BYTES = 8;

/** The network of an address: an IPv4 address itself, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  if (!address.includes(':') || !ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  return parsed.kind() === 'ipv4'
    ? parsed.toString()
    : Buffer.from(parsed.toByteArray().slice(0, SITE_BYTES)).toString('hex');
}
