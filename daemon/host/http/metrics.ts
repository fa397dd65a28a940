/**
 * Figures of host and io-daemon, in the text format of Prometheus. Who may read them holds a token of their own, from a
 * file of the home: it opens nothing else, and a program that watches needs no pairing. No page ever may.
 */
import { join } from 'node:path';
import type { Figure } from '../../wire/child.ts';
import { replaceFile } from '../store/durable.ts';
import { putAside, readSmall } from '../store/kept-file.ts';
import type { Supervisor } from '../process/supervisor.ts';
import { isSame, randomSecret } from '../pairing/tokens.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export interface Watched {
  readonly supervisor: Pick<Supervisor, 'figures' | 'starts'>;
  readonly control: { readonly clients: number };
  readonly version: string;
}

export class Metrics {
  private readonly token: string;
  private readonly watched: Watched;

  constructor(token: string, watched: Watched) {
    this.token = token;
    this.watched = watched;
  }

  /** `authorization`: the header of the request. */
  admits(authorization: string): boolean {
    return isSame(authorization, `Bearer ${this.token}`);
  }

  async text(): Promise<string> {
    const { supervisor, control, version } = this.watched;
    const io = await supervisor.figures();
    const memory = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const one = (name: string, help: string, value: number): Figure => ({ name, help, label: '', values: { '': value } });
    const host: Figure[] = [
      { name: 'info', help: 'Versions', label: 'version', values: { [version]: 1 } },
      one('uptime_seconds', 'Since it was started', process.uptime()),
      one('cpu_seconds_total', 'Time of processors, user and system', (user + system) / 1e6),
      {
        name: 'memory_bytes',
        help: 'Memory, by what holds it',
        label: 'kind',
        values: { rss: memory.rss, heap: memory.heapUsed, external: memory.external },
      },
      one('clients', 'Connections of browsers', control.clients),
      one('io_starts_total', 'How often the io-daemon was started', supervisor.starts),
      one('io_up', 'Whether the io-daemon runs and answers', io === null ? 0 : 1),
    ];
    return textOf('starling_host_', host) + textOf('starling_io_', io ?? []);
  }
}

/** The token of this home, made where there is none. */
export async function metricsToken(home: string): Promise<string> {
  const path = join(home, 'metrics-token');
  const found = (await readSmall(path))?.trim();
  if (found !== undefined && TOKEN.test(found)) return found;
  // Whoever reads the figures finds the new one under the same name.
  if (found === undefined) await putAside(path);
  const token = randomSecret();
  await replaceFile(path, `${token}\n`);
  return token;
}

/** The text format; `prefix` goes before each name. */
export function textOf(prefix: string, figures: readonly Figure[]): string {
  return figures
    .map(({ name, help, label, values }) => {
      const full = prefix + name;
      const kind = name.endsWith('_total') ? 'counter' : 'gauge';
      const lines = Object.entries(values).map(([key, value]) => {
        const labels = label === '' ? '' : `{${label}="${escaped(key).replaceAll('"', '\\"')}"}`;
        return `${full}${labels} ${value}\n`;
      });
      return `# HELP ${full} ${escaped(help)}\n# TYPE ${full} ${kind}\n${lines.join('')}`;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
