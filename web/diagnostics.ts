/** How the helper and the engine run, for who looks into a fault: in words, and as a text to be sent to somebody. */
import { STATS_PATH, type WorkerStats } from '../sw/api.ts';
import { formatBytes, formatCount, formatDuration } from './format.ts';

/** Null where the worker does not answer. */
export async function readStats(): Promise<WorkerStats | null> {
  try {
    const response = await fetch(STATS_PATH, { cache: 'no-store' });
    return response.ok ? ((await response.json()) as WorkerStats) : null;
  } catch {
    return null;
  }
}

export interface Fact {
  readonly name: string;
  readonly text: string;
}

/** What there is to be seen; numbers and versions alone: no name, no address, no path. */
export function factsOf({ daemon, sockets, io, windows }: WorkerStats, version: string): readonly Fact[] {
  const worker: Fact[] = [
    { name: 'Engine and helper', text: `${formatBytes(io.sent)} sent, ${formatBytes(io.received)} received` },
    { name: 'Windows', text: formatCount(windows) },
  ];
  if (daemon === null) return [{ name: 'Helper', text: 'It is away.' }, ...worker];
  const of = (field: string): number => daemon[field] ?? 0;
  const waiting = sockets.filter(({ unsent, held }) => unsent + held > 0);
  return [
    { name: 'Helper', text: `${version}, process ${of('pid')}, for ${formatDuration(of('uptimeMs') / 1000)}` },
    {
      name: 'Memory',
      text: `${formatBytes(of('rss'))}, of it ${formatBytes(of('heap'))} objects and ${formatBytes(of('external'))} buffers`,
    },
    { name: 'Processor', text: `${(of('cpuMs') / 1000).toFixed(1)} s in all, held up for ${of('loopDelayMs')} ms at most` },
    {
      name: 'Connections',
      text: `${formatCount(of('sockets'))} to peers, ${formatCount(of('listeners') + of('udpSockets'))} open ports, ${formatCount(of('files'))} open files`,
    },
    { name: 'Peers', text: `${formatBytes(of('netIn'))} received, ${formatBytes(of('netOut'))} sent` },
    {
      name: 'On the way to the disk',
      text: `${formatBytes(of('landing'))} in ${formatCount(of('buffers'))} pieces, ${formatBytes(of('diskQueue'))} being written, ${formatCount(of('hashing') + of('hashQueue'))} checks`,
    },
    { name: 'Written', text: `${formatBytes(of('written'))}, rested ${(of('restedMs') / 1000).toFixed(1)} s for the disk` },
    {
      name: 'Waiting',
      text:
        waiting.length === 0
          ? 'Nothing'
          : waiting
              .slice(0, 4)
              .map(({ sock, unsent, held }) => `connection ${sock}: ${formatBytes(unsent)} to send, ${formatBytes(held)} held`)
              .join('; '),
    },
    ...worker,
  ];
}

/** Everything, as lines of text. */
export function reportOf(stats: WorkerStats, version: string, browser: string): string {
  const lines = factsOf(stats, version).map(({ name, text }) => `${name}: ${text}`);
  return ['Starling diagnostics', `Browser: ${browser}`, ...lines, '', JSON.stringify(stats)]
    .join('\n')
    .replaceAll('\u00a0', ' ');
}
