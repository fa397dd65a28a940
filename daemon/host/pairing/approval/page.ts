/**
 * A page of our own that asks, opened by the host itself in the browser, by a file that only the owner of the home can read:
 * who has the secret in it is at this computer. The page stands at the host's own address, in nobody's frame.
 */
import { openInBrowser, type Redirects } from '../../screen/browser.ts';
import { findScreen } from '../../screen/screen.ts';
import { randomSecret, sha256 } from '../tokens.ts';
import type { Answer, Approver, Question } from './approver.ts';

/** Where the page is; the secret stands behind the `#`, so that it is part of no request. */
export const APPROVAL_PAGE = '/approve.html';
/** A browser that has not shown the page by then cannot read the file, in ms. */
const SHOWN_MS = 10_000;
/** Who reads a log has opened the page by then, in ms. */
const READ_MS = 30_000;

interface Open {
  readonly digest: string;
  readonly question: Question;
  shown(): void;
  answer(answer: Answer): void;
}

export interface ApprovalPageOptions {
  readonly redirects: Redirects;
  readonly origin: () => string;
}

export class ApprovalPage {
  private readonly options: ApprovalPageOptions;
  private open: Open | null = null;

  constructor(options: ApprovalPageOptions) {
    this.options = options;
  }

  /** Opens the page in the browser. */
  get opened(): Approver {
    return async (question, signal) => {
      if (!(await findScreen(process.env))) return 'unasked';
      return this.ask(question, signal, async (file, unasked) => {
        if (!(await openInBrowser(file))) unasked();
        return setTimeout(unasked, SHOWN_MS);
      });
    };
  }

  /** Says what file leads to the page; a person opens it. `isSeen`: what is said comes before somebody's eyes, and not into a log. */
  named(say: (text: string) => void, isSeen: boolean): Approver {
    return (question, signal) =>
      this.ask(question, signal, (file, unasked) => {
        say(`${question.origin} asks to use Starling on this computer. To answer, open this file in your browser: ${file}`);
        return Promise.resolve(isSeen ? null : setTimeout(unasked, READ_MS));
      });
  }

  /** What the page with that secret is to ask; null where it is over. */
  look(secret: string): Question | null {
    const open = this.find(secret);
    open?.shown();
    return open?.question ?? null;
  }

  /** A person has pressed a button of the page with that secret; false where it is over. */
  answer(secret: string, isAllowed: boolean): boolean {
    const open = this.find(secret);
    open?.answer(isAllowed ? 'allow' : 'refuse');
    return open !== null;
  }

  private find(secret: string): Open | null {
    return this.open !== null && this.open.digest === digestOf(secret) ? this.open : null;
  }

  private async ask(
    question: Question,
    signal: AbortSignal,
    lead: (file: string, unasked: () => void) => Promise<NodeJS.Timeout | null>,
  ): Promise<Answer> {
    const { redirects, origin } = this.options;
    const secret = randomSecret();
    const file = await redirects.write(`${origin()}${APPROVAL_PAGE}#${secret}`, secret);
    let timer: NodeJS.Timeout | null = null;
    try {
      return await new Promise<Answer>(resolve => {
        if (signal.aborted) return resolve('refuse');
        signal.addEventListener('abort', () => resolve('refuse'), { once: true });
        let isShown = false;
        const shown = (): void => {
          isShown = true;
        };
        this.open = { digest: digestOf(secret), question, shown, answer: resolve };
        const unasked = (): void => {
          if (!isShown) resolve('unasked');
        };
        void lead(file, unasked).then(started => (timer = started));
      });
    } finally {
      if (timer !== null) clearTimeout(timer);
      this.open = null;
      redirects.remove(secret);
    }
  }
}

function digestOf(secret: string): string {
  return sha256(secret).toString('hex');
}
