/** How the helper and the engine run, for who looks into a fault: in words, and as a text to be sent to somebody. */
import { STATS_PATH, type WorkerStats } from '../sw/api.ts';
import { formatBytes, formatCount, formatDuration, formatSeconds, isolated } from './format.ts';
import { words } from './words/words.ts';

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
  const texts = words.diagnostics;
  const worker: Fact[] = [
    {
      name: texts.engineAndHelper(),
      text: texts.sentAndReceived({ sent: formatBytes(io.sent), received: formatBytes(io.received) }),
    },
    { name: texts.windows(), text: formatCount(windows) },
  ];
  if (daemon === null) return [{ name: texts.helper(), text: texts.away() }, ...worker];
  const of = (field: string): number => daemon[field] ?? 0;
  const bytes = (field: string): string => formatBytes(of(field));
  const waiting = sockets.filter(({ unsent, held }) => unsent + held > 0);
  return [
    {
      name: texts.helper(),
      text: texts.helperIs({
        version: isolated(version),
        pid: String(of('pid')),
        duration: formatDuration(of('uptimeMs') / 1000),
      }),
    },
    {
      name: texts.memory(),
      text: texts.memoryIs({ all: bytes('rss'), objects: bytes('heap'), buffers: bytes('external') }),
    },
    {
      name: texts.processor(),
      text: texts.processorIs({ time: formatSeconds(of('cpuMs') / 1000), delay: formatCount(of('loopDelayMs')) }),
    },
    {
      name: texts.connections(),
      text: texts.connectionsAre({
        sockets: formatCount(of('sockets')),
        ports: formatCount(of('listeners') + of('udpSockets')),
        files: formatCount(of('files')),
      }),
    },
    { name: texts.peers(), text: texts.receivedAndSent({ received: bytes('netIn'), sent: bytes('netOut') }) },
    {
      name: texts.landing(),
      text: texts.landingIs({
        bytes: bytes('landing'),
        pieces: formatCount(of('buffers')),
        queued: bytes('diskQueue'),
        checks: formatCount(of('hashing') + of('hashQueue')),
      }),
    },
    {
      name: texts.written(),
      text: texts.writtenIs({ written: bytes('written'), rest: formatSeconds(of('restedMs') / 1000) }),
    },
    {
      name: texts.waiting(),
      text:
        waiting.length === 0
          ? texts.nothing()
          : waiting
              .slice(0, 4)
              .map(({ sock, unsent, held }) =>
                texts.waits({ socket: String(sock), unsent: formatBytes(unsent), held: formatBytes(held) }),
              )
              .reduce((first, next) => texts.nextWaits({ first, next })),
    },
    ...worker,
  ];
}

/** Everything, as lines of text. */
export function reportOf(stats: WorkerStats, version: string, browser: string): string {
  const texts = words.diagnostics;
  const facts = [{ name: texts.browser(), text: browser }, ...factsOf(stats, version)];
  return [texts.report(), ...facts.map(texts.line), '', JSON.stringify(stats)].join('\n').replaceAll('\u00a0', ' ');
}
