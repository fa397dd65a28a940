/** Finds the router of IPv6, and the address of ours that its firewall can be asked to let peers through to. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ipaddr from 'ipaddr.js';
import { ownAddress } from './network.ts';
import { isPublic, type Network } from './router.ts';

const run = promisify(execFile);
const COMMAND = { timeout: 3000, maxBuffer: 256 << 10, windowsHide: true } as const;
/** An address of the internet: nothing is sent there. What is sent from towards it is what peers see of us. */
const SOMEWHERE = '2000::';
const [UP, THROUGH_GATEWAY] = [1, 2];

/** Null where there is no router, or no address of ours that the internet can reach. */
export async function findNetwork6(): Promise<Network | null> {
  const gateway = await defaultGateway().catch(() => null);
  if (gateway === null) return null;
  const address = await ownAddress(SOMEWHERE).catch(() => null);
  if (address === null || !isPublic(address)) return null;
  const [, zone] = gateway.split('%', 2);
  return { gateway, address, near: (zone !== undefined && linkLocal(zone)) || address };
}

async function defaultGateway(): Promise<string | null> {
  switch (process.platform) {
    case 'linux':
      return readLinuxRoutes6(await readFile('/proc/net/ipv6_route', 'utf8'));
    case 'win32': {
      const program = join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'route.exe');
      return readWindowsRoutes6((await run(program, ['print', '-6', '::/0'], COMMAND)).stdout);
    }
    default:
      return readBsdRoute6((await run('/sbin/route', ['-n', 'get', '-inet6', 'default'], COMMAND)).stdout);
  }
}

/** The default gateway of the least metric, from /proc/net/ipv6_route; link-local ones with their zone. */
export function readLinuxRoutes6(text: string): string | null {
  let best: { gateway: string; metric: number } | null = null;
  for (const line of text.split('\n')) {
    const [to = '', bits, , , via = '', metric = '', , , flags = '', zone = ''] = line.trim().split(/\s+/);
    if (!/^0{32}$/.test(to) || bits !== '00' || !/^[0-9a-f]{32}$/i.test(via)) continue;
    if ((parseInt(flags, 16) & (UP | THROUGH_GATEWAY)) !== (UP | THROUGH_GATEWAY)) continue;
    const gateway = usable(ipaddr.fromByteArray([...Buffer.from(via, 'hex')]).toString(), zone);
    const weight = parseInt(metric, 16);
    if (gateway !== null && (best === null || weight < best.metric)) best = { gateway, metric: weight };
  }
  return best?.gateway ?? null;
}

/** From `route -n get -inet6 default`. */
export function readBsdRoute6(text: string): string | null {
  const [, gateway = '', zone = ''] = /^\s*gateway: ([0-9a-f:]+)(?:%(\w+))?\s*$/im.exec(text) ?? [];
  return usable(gateway, zone);
}

/** From `route print`, whose words are of any language: interface, metric, destination, gateway, which may be on a line of its own. */
export function readWindowsRoutes6(text: string): string | null {
  let best: { gateway: string; metric: number } | null = null;
  for (const [, zone = '', metric = '', via = ''] of text.matchAll(/^\s*(\d{1,10})\s+(\d{1,10})\s+::\/0\s+([0-9a-f:]+)\s*$/gim)) {
    const gateway = usable(via, zone);
    if (gateway !== null && (best === null || Number(metric) < best.metric)) best = { gateway, metric: Number(metric) };
  }
  return best?.gateway ?? null;
}

/** An IPv6 address that a router can have, with its zone where it means nothing without. */
function usable(text: string, zone: string): string | null {
  if (!ipaddr.IPv6.isValid(text)) return null;
  const parsed = ipaddr.IPv6.parse(text);
  const range = parsed.range();
  if (range === 'linkLocal') return zone === '' ? null : `${parsed.toString()}%${zone}`;
  return range === 'unicast' || range === 'uniqueLocal' ? parsed.toString() : null;
}

/** Our address on the link that is called so, with its zone. */
function linkLocal(zone: string): string | null {
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { address, ...more } of addresses ?? []) {
      // Windows numbers its zones, other systems name them.
      const its = process.platform === 'win32' ? String('scopeid' in more ? more.scopeid : 0) : name;
      if (its === zone && /^fe80:/i.test(address)) return `${address}%${zone}`;
    }
  }
  return null;
}
