import { MAX_TEXT } from './marks.ts';

/** Trackers that are watched, those last heard of. */
export const MAX_WATCHED = 64;
/** Failures in a row, of all torrents, after which one that had answered counts as lost. */
const LOST_AFTER = 3;

/** Which trackers have stopped answering, and which answer again, by their hosts. */
export class TrackerWatch {
  private readonly hosts = new Map<string, { failures: number; isLost: boolean }>();

  constructor(private readonly turned: (host: string, isThere: boolean) => void) {}

  /** Null: it refused us, and so is there. */
  told(url: string, isThere: boolean | null): void {
    if (isThere === true) this.answered(url);
    else if (isThere === false) this.failed(url);
  }

  private answered(url: string): void {
    const host = hostOf(url);
    const known = this.hosts.get(host);
    this.put(host, { failures: 0, isLost: false });
    if (known?.isLost) this.turned(host, true);
  }

  /** What never answered is not lost. */
  private failed(url: string): void {
    const known = this.hosts.get(hostOf(url));
    if (!known || known.isLost) return;
    known.failures += 1;
    known.isLost = known.failures >= LOST_AFTER;
    if (known.isLost) this.turned(hostOf(url), false);
  }

  private put(host: string, state: { failures: number; isLost: boolean }): void {
    this.hosts.delete(host);
    this.hosts.set(host, state);
    const [oldest] = this.hosts.keys();
    if (this.hosts.size > MAX_WATCHED && oldest !== undefined) this.hosts.delete(oldest);
  }
}

/** Name and port of its address, and nothing of its path, which may say who asks. */
export function hostOf(url: string): string {
  return /^[a-z]+:\/\/(?:[^/?#@]*@)?([^/?#]+)/i.exec(url)?.[1]?.slice(0, MAX_TEXT).toLowerCase() ?? '';
}
