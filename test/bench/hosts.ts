/** Two hosts on this machine, network namespaces joined by a virtual link. Needs root and iproute2. */
import { execFileSync } from 'node:child_process';

export interface Hosts {
  /** Runs a command on the host that seeds, whose address is `seedAddress`. */
  readonly onSeed: readonly string[];
  readonly onLeech: readonly string[];
  readonly seedAddress: string;
  readonly leechAddress: string;
  remove(): void;
}

const ip = (...args: string[]): void => void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

export function twoHosts(): Hosts {
  if (process.getuid?.() !== 0) throw new Error('This bench makes network namespaces, which only root may.');
  const id = process.pid.toString(36);
  const [seed, leech] = [`starling-s${id}`, `starling-l${id}`];
  const [seedLink, leechLink] = [`ss${id}`, `sl${id}`];
  const [seedAddress, leechAddress] = ['10.78.0.1', '10.78.0.2'];
  const remove = (): void => {
    for (const name of [seed, leech]) {
      try {
        ip('netns', 'del', name);
      } catch {
        // It was never made, or is gone.
      }
    }
  };
  try {
    ip('netns', 'add', seed);
    ip('netns', 'add', leech);
    ip('link', 'add', seedLink, 'type', 'veth', 'peer', 'name', leechLink);
    for (const [name, link, address] of [
      [seed, seedLink, seedAddress],
      [leech, leechLink, leechAddress],
    ] as const) {
      ip('link', 'set', link, 'netns', name);
      ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', link);
      ip('-n', name, 'link', 'set', link, 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    }
  } catch (error) {
    remove();
    throw error;
  }
  const on = (name: string): readonly string[] => ['ip', 'netns', 'exec', name];
  return { onSeed: on(seed), onLeech: on(leech), seedAddress, leechAddress, remove };
}
