/** Finds the router that leads out of this network, by what the system says of its routes. */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { endianness, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ipaddr from 'ipaddr.js';
import type { Network } from './router.ts';

const run = promisify(execFile);
const COMMAND = { timeout: 3000, maxBuffer: 64 << 10, windowsHide: true } as const;
/** Any port will do: nothing is sent to it. */
const SOME_PORT = 9;
const [UP, THROUGH_GATEWAY] = [1, 2];

/** Null where there is no router, as on a computer that is not connected. */
export async function findNetwork(): Promise<Network | null> {
  const gateway = await defaultGateway().catch(() => null);
  if (gateway === null) return null;
  const address = await ownAddress(gateway).catch(() => null);
  return address === null ? null : { gateway, address };
}

/** The same text as long as this computer is in the same networks. */
export function networksNow(): string {
  const addresses = Object.values(networkInterfaces()).flatMap(list => (list ?? []).filter(({ internal }) => !internal));
  return addresses.map(({ address, mac }) => `${address} ${mac}`).join('\n');
}

async function defaultGateway(): Promise<string | null> {
  switch (process.platform) {
    case 'linux':
      return readLinuxRoutes(await readFile('/proc/net/route', 'utf8'));
    case 'win32': {
      const program = join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'route.exe');
      return readWindowsRoutes((await run(program, ['print', '-4', '0.0.0.0'], COMMAND)).stdout);
    }
    default:
      return readBsdRoute((await run('/sbin/route', ['-n', 'get', 'default'], COMMAND)).stdout);
  }
}

/** The default gateway of the least metric, from /proc/net/route. */
export function readLinuxRoutes(text: string): string | null {
  let best: { gateway: string; metric: number } | null = null;
  for (const line of text.split('\n').slice(1)) {
    const [, to = '', hex = '', flags = '', , , metric = '', mask = ''] = line.trim().split(/\s+/);
    if (to !== '00000000' || mask !== '00000000' || !/^[0-9A-F]{8}$/i.test(hex) || !/^\d{1,10}$/.test(metric)) continue;
    if ((parseInt(flags, 16) & (UP | THROUGH_GATEWAY)) !== (UP | THROUGH_GATEWAY)) continue;
    const bytes = Buffer.from(hex, 'hex');
    const gateway = usable((endianness() === 'LE' ? bytes.reverse() : bytes).join('.'));
    if (gateway !== null && (best === null || Number(metric) < best.metric)) best = { gateway, metric: Number(metric) };
  }
  return best?.gateway ?? null;
}

/** From `route -n get default`. */
export function readBsdRoute(text: string): string | null {
  return usable(/^\s*gateway: (\d{1,3}(?:\.\d{1,3}){3})\s*$/m.exec(text)?.[1] ?? '');
}

/** From `route print`, whose words are of any language: destination, mask, gateway, interface, metric. */
export function readWindowsRoutes(text: string): string | null {
  let best: { gateway: string; metric: number } | null = null;
  for (const line of text.split('\n')) {
    const [to, mask, via = '', , metric = ''] = line.trim().split(/\s+/);
    if (to !== '0.0.0.0' || mask !== '0.0.0.0' || !/^\d{1,10}$/.test(metric)) continue;
    const gateway = usable(via);
    if (gateway !== null && (best === null || Number(metric) < best.metric)) best = { gateway, metric: Number(metric) };
  }
  return best?.gateway ?? null;
}

/** An IPv4 address that a router can have. */
function usable(text: string): string | null {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text)) return null;
  const range = ipaddr.IPv4.parse(text).range();
  return ['unicast', 'private', 'carrierGradeNat', 'linkLocal', 'reserved'].includes(range) && !text.startsWith('255.')
    ? text
    : null;
}

/** The address of ours that the system would send from to that IP literal. */
export function ownAddress(to: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(to.includes(':') ? 'udp6' : 'udp4');
    const settle = (done: () => void): void => {
      done();
      socket.close();
    };
    socket.once('error', error => settle(() => reject(error)));
    socket.once('connect', () => settle(() => resolve(socket.address().address)));
    socket.connect(SOME_PORT, to);
  });
}
