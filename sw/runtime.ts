/**
 * An engine joined to its host: the link, the adapters over it, and the windows' server. The worker and the host's own engine
 * are made of this, each with what its platform has.
 */
import { DaemonDatagrams } from './adapters/daemon-udp.ts';
import { DaemonHost } from './adapters/daemon-host.ts';
import { DaemonGrants } from './adapters/daemon-grants.ts';
import { DaemonHandoffs } from './adapters/daemon-handoffs.ts';
import { DaemonHttp } from './adapters/daemon-http.ts';
import { DaemonLink, type LinkOptions } from './adapters/daemon-link.ts';
import { DaemonNet } from './adapters/daemon-net.ts';
import { DaemonPortMapper } from './adapters/daemon-ports.ts';
import { DaemonReaders } from './adapters/daemon-readers.ts';
import { DaemonRelay } from './adapters/daemon-relay.ts';
import { DaemonState } from './adapters/daemon-state.ts';
import { DaemonStore } from './adapters/daemon-store.ts';
import { DaemonWeb } from './adapters/daemon-web.ts';
import { PlatformClock, platformRandom } from './adapters/platform.ts';
import { LentRtc } from './adapters/rtc-net.ts';
import { ApiServer, type Backend } from './api-server.ts';
import type { KeptPiece } from './engine/events.ts';
import { Session, type Audience } from './engine/index.ts';
import type { WebSockets } from './engine/ports.ts';
import { FarReads } from './far-reads.ts';
import { Following } from './following.ts';
import { Handoffs } from './handoffs.ts';
import type { Lender } from './lent-reads.ts';
import { serveRelayed } from './relayed-windows.ts';
import { isFollowing } from './standing.ts';
import type { StreamingOptions } from './streaming.ts';
import { Torrents, type Memory } from './torrents.ts';

export interface RuntimeOptions extends Omit<LinkOptions, 'random'> {
  readonly memory: Memory;
  /** For WebSocket trackers; null where none may be opened. */
  readonly sockets: WebSockets | null;
  /** What windows lend, where others use it too. */
  readonly rtc?: LentRtc;
  /** What the windows are served from, where these torrents are not all; hears when their list was replaced. */
  readonly joined?: (torrents: Torrents<KeptPiece>) => Backend & { replaced(): void };
  /** Who hears of what happens; else the windows. */
  readonly audience: Audience;
  /** Where peers reach us: the first that is free, 0 for any; those of BitTorrent where none are given. */
  readonly listenPorts?: readonly number[];
  /** Says that something was reached. */
  readonly mark: (name: string) => void;
}

export interface Runtime {
  readonly link: DaemonLink;
  readonly rtc: LentRtc;
  readonly state: DaemonState;
  readonly torrents: Torrents<KeptPiece>;
  readonly server: ApiServer;
  /** Opens a file of a torrent to be read over HTTP, here or of the browser that is followed. */
  readonly openFile: StreamingOptions['open'];
}

export function makeRuntime(options: RuntimeOptions): Runtime {
  const { memory, sockets, mark, log, version, audience, listenPorts } = options;
  const link: DaemonLink = new DaemonLink(
    { ...options, random: Math.random },
    {
      welcomed: epoch => torrents.welcomed(epoch),
      recalled: () => torrents.recalled(),
      leaseGone: () => {
        torrents.leaseGone();
        state.leaseGone();
      },
      linked: kept => torrents.linked(kept),
      unlinked: () => torrents.unlinked(),
      renewed: pairing => memory.keepPairing(pairing),
      noticed: text => torrents.notices.addText(text),
      changed: () => {
        relay.held(link.state === 'welcomed' || link.state === 'linked');
        torrents.changed();
      },
    },
  );
  const lender: Lender = {
    open: (id, file) => torrents.open(id, file),
    port: () => link.door?.port ?? null,
    grants: new DaemonGrants(link.io),
  };
  const relay = new DaemonRelay(link.control, (channel, number) => serveRelayed(server, lender, channel, number));
  const farReads = new FarReads({ open: events => relay.open(events), after: options.after, origin: options.origin });
  const following: Following = new Following({
    open: events => relay.open(events),
    after: options.after,
    replaced: () => torrents.followed(),
    hand: message => server.hand(message),
  });
  const net = new DaemonNet(link.io, () => mark('first request'));
  const rtc = options.rtc ?? new LentRtc();
  const state: DaemonState = new DaemonState(link.control, () => link.epoch);
  const ports = {
    random: platformRandom,
    net,
    rtc: rtc.port(net),
    sockets,
    datagrams: new DaemonDatagrams(link.io),
    store: new DaemonStore(link.io),
    readers: new DaemonReaders(link.io),
    state,
    http: new DaemonHttp(link.io),
    web: new DaemonWeb(link.io),
    portMapper: new DaemonPortMapper(link.control),
    log,
  };
  const torrents: Torrents<KeptPiece> = new Torrents<KeptPiece>({
    link,
    host: new DaemonHost(link.control),
    memory,
    newEngine: () => {
      const clock = new PlatformClock();
      const more = listenPorts ? { listenPorts } : {};
      return { engine: new Session({ ...ports, clock }, { version, ...audience, ...more }), silence: () => clock.stop() };
    },
    following,
    loadRecords: done => state.load(done),
    wall: () => Date.now(),
    mark,
    replaced: () => {
      joined?.replaced();
      server.reset();
    },
  });
  const joined = options.joined?.(torrents);
  const handoffs: Handoffs = new Handoffs({
    run: command => torrents.run(command),
    owns: (root, name) => torrents.owns(root, name),
    defaultRoot: () => torrents.roots().find(({ isDefault }) => isDefault)?.token ?? null,
    show: message => server.hand(message),
    isOpen: window => server.has(window),
    answer: (handoff, state, text) => given.answer(handoff, state, text),
  });
  const given = new DaemonHandoffs(link.control, handoffs);
  const server: ApiServer = new ApiServer(joined ?? torrents, {
    shown(handoff) {
      if (!following.shown(handoff)) handoffs.shown(handoff);
    },
    focused: () => following.focused(),
    windowsChanged: () => handoffs.windowsChanged(),
  });
  const openFile: StreamingOptions['open'] = async (id, file) => {
    if (isFollowing(link)) return farReads.open(id, file);
    const { path, ...open } = await torrents.open(id, file);
    const door = link.door && { port: link.door.port, secret: link.door.ticket };
    return { file: open.file, path, door, close: () => undefined };
  };
  return { link, rtc, state, torrents, server, openFile };
}
