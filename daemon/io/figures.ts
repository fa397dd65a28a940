/** What the host asks this process of itself, for whoever watches it over months. */
import type { Figure } from '../wire/child.ts';
import type { ClientSockets } from './client-sockets.ts';
import { LIMITS } from './limits.ts';
import type { Services } from './services.ts';
import { statsOf } from './stats.ts';
import type { Kind } from './tally.ts';

const KINDS: Readonly<Record<Kind, string>> = {
  connect: 'Connections to peers that were asked for, by how it ended',
  close: 'Connections of peers that closed without being asked to, by reason',
  http: 'HTTP requests to trackers and web seeds, by how they ended',
  guard: 'Addresses that were refused, by rule',
  door: 'WebSockets to this process that were turned away, by reason',
  request: 'HTTP requests to this process that were refused, by status and reason',
  commit: 'Buffers that were to be written, by how it ended',
  send: 'Sends from files, by how they ended',
};

export function figuresOf(services: Services, sockets: ClientSockets | null): Figure[] {
  const stats = statsOf(services, sockets, services.loopDelays.figures);
  const one = (name: string, help: string, value: number): Figure => ({ name, help, label: '', values: { '': value } });
  const many = (name: string, help: string, label: string, values: Readonly<Record<string, number>>): Figure => ({
    name,
    help,
    label,
    values,
  });
  return [
    one('uptime_seconds', 'Since it was started', stats.uptimeMs / 1000),
    one('cpu_seconds_total', 'Time of processors, user and system', stats.cpuMs / 1000),
    many('memory_bytes', 'Memory, by what holds it', 'kind', { rss: stats.rss, heap: stats.heap, external: stats.external }),
    one('event_loop_delay_seconds', 'Longest that the event loop was held up since it was last asked', stats.loopDelayMs / 1000),
    many('resources', 'What keeps the event loop at work, by kind', 'kind', countOf(process.getActiveResourcesInfo())),
    one('connected', 'Whether the engine is connected', sockets === null ? 0 : 1),
    many('peer_bytes_total', 'Bytes over sockets of peers, and of web seeds', 'direction', {
      in: stats.netIn,
      out: stats.netOut,
    }),
    many('io_bytes_total', 'Bytes over the connection of the engine', 'direction', { in: stats.ioIn, out: stats.ioOut }),
    one('io_unread_bytes', 'Bytes that the engine has not taken yet', stats.unread),
    one('sockets', 'Connections of peers, and those being made', stats.sockets),
    one('listeners', 'TCP ports that are listened on', stats.listeners),
    one('udp_sockets', 'UDP ports that are bound', stats.udpSockets),
    one('rate_groups', 'Groups of rates', stats.groups),
    one('files', 'Files that are open', stats.files),
    one('landing_buffers', 'Buffers for what lands', stats.buffers),
    one('landing_bytes', 'Memory of what has landed and is not written', stats.landing),
    one('landing_limit_bytes', 'At which reading of peers rests', LIMITS.landing),
    one('disk_queue_bytes', 'Of it, what is being hashed and written', stats.diskQueue),
    one('disk_queue_limit_bytes', 'At which reading of peers rests', LIMITS.diskQueue),
    one('rested_seconds_total', 'How long peers were not read for memory or the disk', stats.restedMs / 1000),
    one('landed_bytes_total', 'Payload that landed', stats.landed),
    one('discarded_bytes_total', 'Payload that was thrown away', stats.discarded),
    one('written_bytes_total', 'Payload that was verified and written', stats.written),
    one('hash_jobs', 'Jobs that are with a thread', stats.hashing),
    one('hash_queue', 'Jobs that wait for a thread', stats.hashQueue),
    ...Object.entries(KINDS).map(([kind, help]) =>
      many(`${kind}_total`, help, kind === 'guard' ? 'rule' : 'result', services.tally.totals[kind as Kind] ?? {}),
    ),
  ];
}

function countOf(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
