/** What is said of a problem, and in which tone. */
export type Tone = 'plain' | 'good' | 'warn' | 'bad';
/** What one press can do about it. */
export type Remedy = 'resume' | 'reconnect' | 'trackers' | 'announce' | 'files' | 'limits' | 'force' | 'helper' | 'stay';

export interface Words {
  /** For a line of the list. */
  readonly short: string;
  /** Cause, consequence and what to do, in sentences. */
  readonly text: string;
  readonly tone: Tone;
  readonly remedy: Remedy | null;
}

export function plain(short: string, text: string, remedy: Remedy | null): Words {
  return { short, text, tone: 'plain', remedy };
}

export function bad(short: string, text: string): Words {
  return { short, text, tone: 'bad', remedy: 'resume' };
}

export function warn(short: string, text: string, remedy: Remedy | null): Words {
  return { short, text, tone: 'warn', remedy };
}
