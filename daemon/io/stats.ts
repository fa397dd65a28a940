/** How this process is doing, for who asks. */
import { type IoStats, MAX_BUSIEST, type SocketStats } from '../wire/frames.ts';
import type { ClientSockets } from './client-sockets.ts';
import type { LoopDelay } from './loop-delay.ts';
import type { Services } from './services.ts';

/** `sockets`: those of the client, where there is one; `loopDelay`: that of who asks. */
export function statsOf(services: Services, sockets: ClientSockets | null, loopDelay: LoopDelay): IoStats {
  const { landing, files, counters, started, pool, rests } = services;
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  return {
    uptimeMs: Math.round(performance.now() - started),
    rss,
    landing: landing.used,
    diskQueue: landing.queued,
    sockets: sockets?.tcp.count ?? 0,
    buffers: landing.count,
    files: files.count,
    cpuMs: Math.round((user + system) / 1000),
    ...counters,
    landed: landing.landedBytes,
    discarded: landing.discardedBytes,
    written: landing.written,
    pid: process.pid,
    heap: heapUsed,
    external,
    listeners: sockets?.tcp.listeners ?? 0,
    udpSockets: sockets?.udp.count ?? 0,
    groups: sockets?.throttle.count ?? 0,
    hashing: pool.running,
    hashQueue: pool.waiting,
    unread: sockets?.unread() ?? 0,
    restedMs: Math.round(rests.total),
    loopDelayMs: loopDelay.read(),
  };
}

/** The sockets of which most waits; of those that are alike in that, those that have carried most. */
export function busiest(sockets: Iterable<SocketStats>): SocketStats[] {
  const waiting = ({ unsent, held }: SocketStats): number => unsent + held;
  const carried = ({ received, sent }: SocketStats): number => received + sent;
  return [...sockets].sort((a, b) => waiting(b) - waiting(a) || carried(b) - carried(a)).slice(0, MAX_BUSIEST);
}
