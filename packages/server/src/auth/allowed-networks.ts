import ipaddr from 'ipaddr.js';

/** The most networks of a key. */
export const MOST_ALLOWED_NETWORKS = 64;
/** A longer text is no address. A client can send any text if a proxy is trusted that does not check it. */
const LONGEST_ADDRESS = 64;

/**
 * Reads a network in CIDR notation, or an address, which is a network of one. Returns it as it is stored (RFC 5952 for
 * IPv6); otherwise the fault, as the rest of a sentence.
 */
export function readNetwork(text: string): { network: string } | { fault: string } {
  const [address = '', prefix, ...rest] = text.trim().split('/');
  const isIpv4 = ipaddr.IPv4.isValidFourPartDecimal(address);
  if (!isIpv4 && (!ipaddr.IPv6.isValid(address) || address.includes('%'))) return { fault: NO_NETWORK };
  const longest = isIpv4 ? 32 : 128;
  const bits = prefix ?? String(longest);
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > longest) return { fault: NO_NETWORK };
  const cidr = `${address}/${Number(bits)}`;
  if (isIpv4) return whole(ipaddr.IPv4.networkAddressFromCIDR(cidr).toString(), address, bits);
  const parsed = ipaddr.IPv6.parse(address);
  // Clients with IPv4 addresses have them, also if the server listens on IPv6.
  if (parsed.isIPv4MappedAddress()) return { fault: 'is an IPv4 network inside IPv6; write it as IPv4' };
  const first = ipaddr.IPv6.networkAddressFromCIDR(cidr).toRFC5952String();
  return whole(first, parsed.toRFC5952String(), bits);
}

const NO_NETWORK = 'is no network; write one such as 203.0.113.0/24, 2001:db8::/32 or 203.0.113.7';

/** A network whose address has bits beyond the prefix is likely a mistake. */
function whole(first: string, address: string, bits: string): { network: string } | { fault: string } {
  const network = `${first}/${Number(bits)}`;
  return first === address
    ? { network }
    : { fault: `has an address beyond its prefix; the network is ${network}` };
}

/** The networks from which a key may be used. */
export class AllowedNetworks {
  readonly #ranges: ReturnType<typeof ipaddr.parseCIDR>[];

  /** @param networks as `readNetwork` returns them */
  constructor(networks: readonly string[]) {
    this.#ranges = networks.map((network) => ipaddr.parseCIDR(network));
  }

  /** Whether an address is in one of the networks. A text that is no address is in none. */
  has(address: string): boolean {
    if (address.length > LONGEST_ADDRESS || !ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return this.#ranges.some(
      ([network, bits]) => network.kind() === parsed.kind() && parsed.match(network, bits),
    );
  }
}
