import type { Outbox } from './effects.ts';

/** Of one torrent. */
const MAX_SOURCES = 20;

interface Owner {
  readonly id: string;
  readonly phase: string;
  readonly out: Outbox;
}

/** Where a magnet says that its .torrent can be had (`xs`, `as`): asked one after another, once each time the torrent goes to work. */
export class ExactSources {
  urls: readonly string[] = [];
  private left: string[] = [];
  /** The one that is being asked; empty for none. */
  private asked = '';

  constructor(private readonly torrent: Owner) {}

  /** Asks the new ones at once, where the files are still sought. True where there are any. */
  add(urls: readonly string[]): boolean {
    const fresh = urls.filter(url => !this.urls.includes(url)).slice(0, MAX_SOURCES - this.urls.length);
    this.urls = [...this.urls, ...fresh];
    this.left.push(...fresh);
    this.ask();
    return fresh.length > 0;
  }

  begin(): void {
    this.left = [...this.urls];
    this.ask();
  }

  /** `problem`: why nothing came of it; empty where the files are known now. */
  answered(url: string, problem: string): void {
    if (url !== this.asked) return;
    this.asked = '';
    if (problem === '') return;
    this.torrent.out({ do: 'log', level: 'info', text: `${this.torrent.id}: no torrent from ${url}: ${problem}` });
    this.ask();
  }

  private ask(): void {
    if (this.torrent.phase !== 'fetching' || this.asked !== '') return;
    this.asked = this.left.shift() ?? '';
    if (this.asked !== '') this.torrent.out({ do: 'fetchTorrent', url: this.asked });
  }
}
