/** How this process is doing, for who asks. */
import type { IoStats } from '../wire/frames.ts';
import type { Services } from './services.ts';

export function statsOf(services: Services, sockets: number): IoStats {
  const { landing, files, counters, started } = services;
  const { user, system } = process.cpuUsage();
  return {
    uptimeMs: Math.round(performance.now() - started),
    rss: process.memoryUsage.rss(),
    landing: landing.used,
    diskQueue: landing.committing,
    sockets,
    buffers: landing.count,
    files: files.count,
    cpuMs: Math.round((user + system) / 1000),
    ...counters,
    landed: landing.landedBytes,
    discarded: landing.discardedBytes,
    written: landing.written,
  };
}
