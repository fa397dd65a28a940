/** Looks at the download folders while somebody is there to see them, and writes down what becomes of them. */
import type { Log } from '../logs/log.ts';
import type { Roots } from './roots.ts';

const REFRESH_MS = 10_000;

export class RootsWatch {
  private readonly roots: Roots;
  private readonly log: Log;
  private readonly changed: () => void;
  private timer: NodeJS.Timeout | null = null;
  /** What was wrong with each root when it was last looked at, by token. */
  private readonly problems = new Map<string, string>();
  private areSaved = true;

  /** `changed`: something of them is another. */
  constructor(roots: Roots, log: Log, changed: () => void) {
    this.roots = roots;
    this.log = log;
    this.changed = changed;
  }

  /** Begins with a look, or stops. */
  watch(on: boolean): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    if (!on) return;
    void this.look();
    this.timer = setInterval(() => void this.look(), REFRESH_MS);
  }

  async look(): Promise<void> {
    const { roots, log } = this;
    const isNews = await roots.refresh();
    if (roots.isSaved !== this.areSaved) {
      this.areSaved = roots.isSaved;
      if (roots.isSaved) log('info', 'the list of download folders is saved again');
      else log('warn', 'the list of download folders cannot be saved; it is tried again');
    }
    if (!isNews) return;
    this.tell();
    this.changed();
  }

  private tell(): void {
    for (const [index, { token, problem }] of this.roots.list.entries()) {
      if ((this.problems.get(token) ?? '') === problem) continue;
      this.problems.set(token, problem);
      const folder = index + 1;
      if (problem === '') this.log('info', 'a download folder can be used again', { folder });
      else this.log('warn', 'a download folder cannot be used', { folder, why: problem });
    }
  }
}
