/**
 * The page that the host opens to ask whether an app may be paired. What it is about is told to who has the secret behind the
 * `#`, which leaves the address at once.
 */
import './styles/approve.css';
import { fill } from './words/fill.ts';
import { loadWords, words } from './words/words.ts';

/** A press that was meant for whatever stood here before the page came up does not count, in ms. */
const READING_MS = 1000;

interface Question {
  readonly origin: string;
  readonly code: string;
}

function part<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${id}`);
  return found;
}

/** Null where the question is over, or the host gone. */
async function ask(body: { readonly secret: string; readonly allow?: boolean }): Promise<unknown> {
  try {
    const answer = await fetch('/approve', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

function isQuestion(value: unknown): value is Question {
  if (typeof value !== 'object' || value === null) return false;
  const { origin, code } = value as Partial<Record<keyof Question, unknown>>;
  return typeof origin === 'string' && typeof code === 'string';
}

async function start(): Promise<void> {
  const secret = location.hash.slice(1);
  history.replaceState(null, '', location.pathname);
  const [question, said] = [part('question', HTMLDivElement), part('said', HTMLParagraphElement)];
  const [allow, refuse] = [part('allow', HTMLButtonElement), part('refuse', HTMLButtonElement)];
  try {
    await loadWords('approve');
  } catch (cause) {
    console.error('The texts of the page could not be loaded.', cause);
    said.textContent = 'This page could not be loaded, so nothing was allowed. Ask once more in the app.';
    return;
  }
  document.title = words.approve.windowTitle();
  const told = secret === '' ? null : await ask({ secret });
  if (!isQuestion(told)) {
    said.textContent = words.approve.over();
    return;
  }
  const origin = document.createElement('strong');
  origin.textContent = told.origin;
  part('wants', HTMLParagraphElement).replaceChildren(...fill(words.approve.wants, { origin }));
  part('means', HTMLParagraphElement).textContent = words.approve.means();
  part('only-if', HTMLParagraphElement).textContent = words.approve.onlyIf();
  allow.textContent = words.approve.allow();
  refuse.textContent = words.approve.refuse();
  part('code', HTMLParagraphElement).textContent = `${told.code.slice(0, 3)} ${told.code.slice(3)}`;
  question.hidden = false;
  refuse.focus();
  setTimeout(() => (allow.disabled = false), READING_MS);
  const answer = async (isAllowed: boolean): Promise<void> => {
    question.hidden = true;
    const isHeard = (await ask({ secret, allow: isAllowed })) !== null;
    if (!isHeard) said.textContent = words.approve.over();
    else said.textContent = isAllowed ? words.approve.paired({ origin: told.origin }) : words.approve.refused();
  };
  allow.addEventListener('click', () => void answer(true));
  refuse.addEventListener('click', () => void answer(false));
}

void start();
