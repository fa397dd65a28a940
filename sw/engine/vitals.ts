/** How the session's ends to the network are, from what was seen of them: made when someone looks. */
import type { ConnectionLimits } from './connection-limits.ts';
import type { Doors } from './doors.ts';
import type { PortTestState } from './port-test.ts';
import type { Torrent } from './torrent.ts';
import { hostOf } from './history/tracker-watch.ts';

/** Trackers that are told one by one, those of most torrents first. */
export const MAX_HOSTS = 50;

/** Seconds since; −1: never. */
type Ago = number;

export interface VitalsView {
  /** Null where there are no sockets. `asked`: by a stranger, who found us. */
  readonly dht: {
    readonly nodes: number;
    readonly torrents: number;
    readonly searching: number;
    readonly peers: number;
    readonly asked: Ago;
  } | null;
  /** Null where there are none to be had. */
  readonly port: {
    /** Ours, and the one that peers outside go to; 0: none. */
    readonly tcp: number;
    readonly udp: number;
    readonly outside: number;
    /** Our public IPv4 address; empty where it is not known. */
    readonly address: string;
    /** Peers from outside that came by themselves. */
    readonly came: { readonly tcp: number; readonly utp: number; readonly last: Ago };
    readonly test: { readonly state: PortTestState; readonly ago: Ago };
  } | null;
  readonly connections: {
    readonly most: number;
    readonly tcp: number;
    readonly utp: number;
    readonly webrtc: number;
    readonly incoming: number;
    readonly connecting: number;
    readonly webSeeds: number;
  };
  readonly trackers: readonly TrackerVitals[];
  /** Hosts that are not among them. */
  readonly moreTrackers: number;
}

/** Of all torrents that use it. */
export interface TrackerVitals {
  readonly host: string;
  readonly working: number;
  readonly failing: number;
  readonly waiting: number;
  /** What one that fails says. */
  readonly text: string;
}

export function viewVitals(doors: Doors, limits: ConnectionLimits, torrents: Iterable<Torrent>, now: number): VitalsView {
  const all = [...torrents];
  const { trackers, more } = viewTrackers(all);
  const { dht } = doors.udp;
  return {
    dht: doors.reach.addresses ? { ...dht.vitals, asked: ago(dht.askedAt, now) } : null,
    port: doors.reach.addresses ? viewPort(doors, now) : null,
    connections: viewConnections(all, limits),
    trackers,
    moreTrackers: more,
  };
}

function viewPort({ incoming, udp, mapping, own, portTest }: Doors, now: number): VitalsView['port'] {
  const { tcp, utp, at } = incoming.came;
  return {
    tcp: incoming.port,
    udp: udp.port,
    outside: mapping.port,
    address: own.address(4) ?? mapping.state?.externalAddress ?? '',
    came: { tcp, utp, last: ago(at, now) },
    test: { state: portTest.state, ago: portTest.state === 'none' ? -1 : ago(portTest.at, now) },
  };
}

function viewConnections(torrents: readonly Torrent[], limits: ConnectionLimits): VitalsView['connections'] {
  const count = { tcp: 0, utp: 0, webrtc: 0, incoming: 0, webSeeds: 0 };
  for (const { peers, webSeeds } of torrents) {
    count.webSeeds += webSeeds.active;
    for (const { stage, transport, incoming } of peers.values()) {
      if (stage !== 'open') continue;
      count[transport] += 1;
      if (incoming) count.incoming += 1;
    }
  }
  return { ...count, most: limits.max, connecting: limits.connecting };
}

function viewTrackers(torrents: readonly Torrent[]): { trackers: TrackerVitals[]; more: number } {
  const hosts = new Map<string, { host: string; working: number; failing: number; waiting: number; text: string }>();
  for (const { announcer } of torrents) {
    for (const { url, state, text } of announcer.trackers) {
      if (state === 'unsupported' || state === 'out-of-reach' || state === 'idle') continue;
      const host = hostOf(url);
      const known = hosts.get(host) ?? { host, working: 0, failing: 0, waiting: 0, text: '' };
      hosts.set(host, known);
      if (state === 'error') {
        known.failing += 1;
        known.text ||= text;
      } else if (state === 'announcing') known.waiting += 1;
      else known.working += 1;
    }
  }
  const used = (one: TrackerVitals): number => one.working + one.failing + one.waiting;
  const trackers = [...hosts.values()].sort((a, b) => used(b) - used(a));
  return { trackers: trackers.slice(0, MAX_HOSTS), more: Math.max(0, trackers.length - MAX_HOSTS) };
}

function ago(at: number, now: number): Ago {
  return at === -Infinity ? -1 : Math.max(0, Math.floor((now - at) / 1000));
}
