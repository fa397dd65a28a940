/** The real host and io-daemon, and a link to them over real WebSockets. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, startHost } from '../../daemon/host/main.ts';
import type { Frame, KeptBuffer } from '../../daemon/wire/frames.ts';
import type { Door } from '../../sw/adapters/daemon-door.ts';
import { DaemonLink } from '../../sw/adapters/daemon-link.ts';
import { after } from '../../sw/adapters/platform.ts';
import { bundle } from '../daemon/bundle.ts';
import { until } from '../host/temp.ts';
import { openNodeSocket } from './node-socket.ts';

/** Builds the io-daemon; gives the folder it is in, to be removed after all tests. */
export function buildIo(): Promise<string> {
  return bundle('adapters-test');
}

export interface Daemon {
  readonly folder: string;
  readonly host: Pick<Host, 'origin' | 'port' | 'newLink' | 'downloadDir'>;
  close(): Promise<void>;
}

export interface DaemonOptions {
  /** What may be reached of this machine. */
  readonly allow?: readonly string[];
  /** The router of this machine's network is asked for ports, which no test is to do to a real one. */
  readonly portMapping?: boolean;
  /** Roots beside the default one: real paths. */
  readonly roots?: readonly string[];
  /** Run in place of the io-daemon's own. */
  readonly program?: string;
}

export async function startDaemon(io: string, options: DaemonOptions = {}): Promise<Daemon> {
  const { portMapping = false, allow = ['127.0.0.0/8'], roots = [] } = options;
  const folder = mkdtempSync(join(tmpdir(), 'starling-adapters-'));
  mkdirSync(join(folder, 'home'), { recursive: true, mode: 0o700 });
  mkdirSync(join(folder, 'web'));
  writeFileSync(join(folder, 'web/index.html'), '<!doctype html><title>app</title>');
  writeFileSync(join(folder, 'web/sw.js'), '');
  writeFileSync(join(folder, 'home/config.json'), JSON.stringify({ network: { allow, portMapping } }));
  writeFileSync(join(folder, 'home/roots.json'), JSON.stringify({ salt: 'test', default: '', paths: roots }));
  const host = await startHost({
    home: join(folder, 'home'),
    port: 0,
    downloadDir: join(folder, 'downloads'),
    verbose: false,
    webFolder: join(folder, 'web'),
    ioProgram: [options.program ?? join(io, 'io.mjs')],
    say: () => undefined,
  });
  if ('running' in host) throw new Error('a host runs on this home');
  return {
    folder,
    host,
    async close() {
      await host.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A link as the worker has it, paired. `told` is what it told the composition root, in order. */
export class RealLink {
  readonly told: string[] = [];
  /** Of each time that it was given the lease. */
  readonly epochs: number[] = [];
  kept: readonly KeptBuffer[] = [];
  readonly link: DaemonLink;
  onChange = (): void => undefined;

  constructor({ host }: Daemon) {
    this.link = new DaemonLink(
      {
        origin: host.origin,
        version: '0',
        open: openNodeSocket(host.origin),
        after,
        random: Math.random,
        log: () => undefined,
      },
      {
        welcomed: epoch => {
          this.epochs.push(epoch);
          this.told.push('welcomed');
        },
        recalled: () => this.told.push('recalled'),
        leaseGone: () => this.told.push('lease gone'),
        linked: kept => {
          this.kept = kept;
          this.told.push('linked');
        },
        unlinked: () => this.told.push('unlinked'),
        noticed: text => this.told.push(`noticed ${text}`),
        renewed: pairing => this.told.push(`renewed ${pairing.token}`),
        changed: () => this.onChange(),
      },
    );
  }

  get io(): Door<Frame, Frame> {
    return this.link.io;
  }

  /** The token of the default root. */
  get root(): string {
    return this.link.roots.find(({ isDefault }) => isDefault)?.token ?? '';
  }

  async until(state: DaemonLink['state']): Promise<void> {
    await until(() => this.link.state === state, `the link is ${state}`);
  }
}

/** Trades a new pairing secret for a token, as the page does. */
export async function pairedToken({ host }: Daemon, installId: string): Promise<string> {
  const secret = /#pair=([\w-]+)/.exec(readFileSync(await host.newLink(), 'utf8'))?.[1];
  const response = await fetch(`${host.origin}/pair`, {
    method: 'POST',
    headers: { Origin: host.origin, 'Content-Type': 'application/json' },
    body: JSON.stringify({ secret, installId }),
  });
  const { token } = (await response.json()) as { token: string };
  return token;
}
