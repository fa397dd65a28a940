/** Which blocks of our own code ran, as V8 counts them. */
import { Session } from 'node:inspector';
import type { Profiler } from 'node:inspector';

export class Coverage {
  private readonly session = new Session();
  /**
   * Blocks that ran and blocks that did not, in a run of one input and in runs of many. V8 joins neighbours that ran equally often, so
   * that the two see different blocks of the same code.
   */
  private readonly seen = { one: new Set<string>(), many: new Set<string>() };

  constructor() {
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** How many different blocks were told of so far. */
  get size(): number {
    return this.seen.one.size;
  }

  /** Whether what ran since the last look, one input or many, reached anything new. */
  isNew(runs: 'one' | 'many'): boolean {
    const seen = this.seen[runs];
    const before = seen.size;
    for (const block of this.ran()) seen.add(block);
    return seen.size > before;
  }

  close(): void {
    this.session.disconnect();
  }

  private *ran(): Generator<string> {
    for (const { url, functions } of this.take()) {
      if (!/\/(sw|daemon)\//.test(url)) continue;
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) yield `${url}:${startOffset}:${endOffset}:${count > 0}`;
      }
    }
  }

  /** The inspector of one's own thread answers before `post` returns. */
  private take(): Profiler.ScriptCoverage[] {
    let result: Profiler.ScriptCoverage[] = [];
    this.session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error) throw error;
      result = taken.result;
    });
    return result;
  }
}

/**
 * Counts how often blocks of our code and of the bencode package are entered: the work that something is, whatever else the
 * machine does. Only blocks of modules that are loaded after it was made can be counted.
 */
export class WorkCounter {
  private readonly session = new Session();

  constructor() {
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Since this was asked last. */
  take(): number {
    let work = 0;
    this.session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error) throw error;
      const ours = taken.result.filter(({ url }) => /\/(sw|daemon|bencode)\//.test(url));
      for (const { functions } of ours) for (const { ranges } of functions) for (const { count } of ranges) work += count;
    });
    return work;
  }
}
