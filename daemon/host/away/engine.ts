/**
 * The engine as the worker runs it, in Node: the same adapters, over Node's sockets, with a memory of nothing. A WebSocket tracker
 * introduces peers over WebRTC alone, which takes a window, so none is opened here: what a torrent names is reached by the io-daemon and its guard.
 */
import { makeRuntime, type Runtime } from '../../../sw/runtime.ts';
import { after } from '../../../sw/adapters/platform.ts';
import type { Audience } from '../../../sw/engine/index.ts';
import type { Log } from '../../../sw/engine/ports.ts';
import type { Pairing } from '../../../sw/standing.ts';
import type { Memory } from '../../../sw/torrents.ts';
import { NodeSockets } from './sockets.ts';

export interface EngineOptions {
  readonly origin: string;
  readonly version: string;
  /** What the host made for this engine alone. */
  readonly pairing: Pairing;
  readonly log: Log;
  /** Who hears of what happens. */
  readonly audience?: Audience;
  /** Hears that something of its start was reached. */
  readonly mark?: () => void;
  /** Where peers reach it: the first that is free, 0 for any; those of BitTorrent where none are given. */
  readonly listenPorts?: readonly number[];
}

export interface NodeEngine extends Runtime {
  /** Records what is durable, and ends every connection; nothing of it keeps the process alive after that. */
  close(): Promise<void>;
}

/** The host keeps all there is to keep. */
const nothing: Memory = {
  keepPairing: () => undefined,
  keepEverConnected: () => undefined,
  keepRows: () => undefined,
};

/** Connects at once, and goes on as the records have it. */
export function startEngine({ origin, version, pairing, log, audience = {}, ...more }: EngineOptions): NodeEngine {
  const sockets = new NodeSockets(origin);
  const runtime = makeRuntime({
    origin,
    version,
    open: sockets.open,
    after,
    log,
    memory: nothing,
    audience,
    sockets: null,
    mark: () => undefined,
    ...more,
  });
  runtime.torrents.begin(pairing);
  return {
    ...runtime,
    async close() {
      await runtime.torrents.close();
      await sockets.close();
    },
  };
}
