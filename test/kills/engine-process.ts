/**
 * An engine in a process of its own, put together as the worker has it, to be killed. It fetches what its configuration names
 * and says on stdout, a JSON object a line, what it has.
 */
import { readFileSync } from 'node:fs';
import { DaemonHost } from '../../sw/adapters/daemon-host.ts';
import { DaemonHttp } from '../../sw/adapters/daemon-http.ts';
import { DaemonLink } from '../../sw/adapters/daemon-link.ts';
import { DaemonNet } from '../../sw/adapters/daemon-net.ts';
import { DaemonPortMapper } from '../../sw/adapters/daemon-ports.ts';
import { DaemonReaders } from '../../sw/adapters/daemon-readers.ts';
import { DaemonState } from '../../sw/adapters/daemon-state.ts';
import { DaemonStore } from '../../sw/adapters/daemon-store.ts';
import { DaemonDatagrams } from '../../sw/adapters/daemon-udp.ts';
import { DaemonWeb } from '../../sw/adapters/daemon-web.ts';
import { after, PlatformClock, platformRandom } from '../../sw/adapters/platform.ts';
import { LentRtc } from '../../sw/adapters/rtc-net.ts';
import { Session } from '../../sw/engine/index.ts';
import type { FilePriority } from '../../sw/engine/priorities.ts';
import type { Torrent } from '../../sw/engine/torrent.ts';
import { Following } from '../../sw/following.ts';
import { Torrents } from '../../sw/torrents.ts';
import { openNodeSocket } from '../adapters/node-socket.ts';
import { nodeSockets } from '../peers/sockets.ts';

export interface EngineConfig {
  readonly port: number;
  readonly origin: string;
  readonly token: string;
  readonly installId: string;
  readonly torrents: readonly {
    readonly id: string;
    /** The .torrent. */
    readonly file: string;
    readonly magnet: string;
    readonly priorities: readonly FilePriority[] | null;
  }[];
}

export type EngineLine =
  | { readonly type: 'linked' }
  /** The pieces that it says it has, as base64 of their bits, where they are others. */
  | { readonly type: 'have'; readonly id: string; readonly have: string }
  | { readonly type: 'states'; readonly states: Readonly<Record<string, string>> };

const config = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as EngineConfig;
const TELL_EVERY = 20;
const KNOCK_EVERY = 150;

const tell = (line: EngineLine): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const nothing = (): void => undefined;

const link = new DaemonLink(
  {
    origin: config.origin,
    version: '0',
    open: openNodeSocket(config.origin),
    after,
    random: Math.random,
    log: nothing,
  },
  {
    welcomed: epoch => torrents.welcomed(epoch),
    recalled: () => torrents.recalled(),
    leaseGone: () => torrents.leaseGone(),
    linked: kept => {
      torrents.linked(kept);
      void begin();
    },
    unlinked: () => torrents.unlinked(),
    renewed: () => undefined,
    noticed: () => undefined,
    changed: () => torrents.changed(),
  },
);
const net = new DaemonNet(link.io, nothing);
const state = new DaemonState(link.control, () => link.epoch);
let session: Session | null = null;

const torrents = new Torrents({
  link,
  memory: { keepPairing: nothing, keepEverConnected: nothing, keepRows: nothing },
  host: new DaemonHost(link.control),
  newEngine: () => {
    const clock = new PlatformClock();
    const engine = new Session(
      {
        clock,
        random: platformRandom,
        net,
        rtc: new LentRtc().port(net),
        datagrams: new DaemonDatagrams(link.io),
        sockets: nodeSockets,
        store: new DaemonStore(link.io),
        readers: new DaemonReaders(link.io),
        http: new DaemonHttp(link.io),
        web: new DaemonWeb(link.io),
        portMapper: new DaemonPortMapper(link.control),
        state,
        log: nothing,
      },
      { version: '0.0.0' },
    );
    session = engine;
    return { engine, silence: () => clock.stop() };
  },
  loadRecords: done => state.load(done),
  wall: () => Date.now(),
  // No other engine is there to follow.
  following: new Following({ open: () => ({ send: nothing, close: nothing }), after, replaced: nothing, hand: nothing }),
  mark: nothing,
  replaced: nothing,
});

/** What is to be fetched is fetched, from where it is. */
async function begin(): Promise<void> {
  for (const { id, file, magnet, priorities } of config.torrents) {
    if (!torrents.rows().some(row => row.id === id)) {
      await torrents.run({ do: 'add', source: { kind: 'file', bytes: readFileSync(file) } });
      const root = link.roots.find(({ isDefault }) => isDefault)?.token ?? '';
      await torrents.run({ do: 'start', id, priorities, root });
    }
    await torrents.run({ do: 'add', source: { kind: 'magnet', uri: magnet } });
  }
  tell({ type: 'linked' });
}

const said = new Map<string, string>();

function report(): void {
  if (session === null) return;
  const { torrents: all } = session as unknown as { readonly torrents: { get(id: string): Torrent | undefined } };
  for (const { id } of config.torrents) {
    const have = Buffer.from(all.get(id)?.content?.assembly.have.toBytes() ?? []).toString('base64');
    if (said.get(id) === have) continue;
    said.set(id, have);
    tell({ type: 'have', id, have });
  }
  const states = Object.fromEntries(torrents.rows().map(row => [row.id, row.state]));
  const key = JSON.stringify(states);
  if (said.get('') === key) return;
  said.set('', key);
  tell({ type: 'states', states });
}

torrents.begin({ token: config.token, installId: config.installId, port: config.port });
setInterval(report, TELL_EVERY);
// A person would not press that so soon.
setInterval(() => {
  if (link.state !== 'linked') link.reconnect();
}, KNOCK_EVERY);
