/** Which hosts of URLs are nobody's own network: where a torrent, which comes from a stranger, may have a page fetch from. */
import ipaddr from 'ipaddr.js';

/** All that was ever given out of IPv6; what looks public outside of it hides IPv4 (`::7f00:1`), or is nowhere. */
const GIVEN_OUT = ipaddr.IPv6.parseCIDR('2000::/3');
/** Names that lead to this computer or into its network alone: RFC 6761, 6762, 8375, `internal` as ICANN keeps it, and what routers use. */
const HOME = /(?:^|\.)(?:localhost|local|internal|home\.arpa|home|lan)$/;

/** `hostname` as a URL has it: in lower case, its IPv4 in four decimal parts, its IPv6 in brackets. */
export function isPublicHost(hostname: string): boolean {
  const name = hostname.replace(/^\[|\]$|\.$/g, '');
  if (!ipaddr.isValid(name)) return name.includes('.') && !HOME.test(name);
  const address = ipaddr.parse(name);
  if (address instanceof ipaddr.IPv6 && !address.match(GIVEN_OUT)) return false;
  return address.range() === 'unicast';
}
