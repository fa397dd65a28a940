/** Hands one link or file to the host, and says in a sentence what became of it. */
import type { Holder } from '../host/process/lock-file.ts';
import { ask, NoAnswer } from './ask.ts';
import type { Given } from './given.ts';

/** Over what the host itself waits for an answer of the app. */
const TIMEOUT_MS = 6_000;

const STATES = ['shown', 'listed', 'started', 'waiting', 'refused'] as const;
type State = (typeof STATES)[number];

export interface Handed {
  readonly state: State;
  /** What became of it, for people. */
  readonly sentence: string;
  /** What is to be opened in the browser: an address or a file; null where nothing need be. */
  readonly open: string | null;
}

export interface Manner {
  /** At once, without a window that asks. */
  readonly start: boolean;
  /** Whether a window can be opened here. */
  readonly hasScreen: boolean;
}

/** @throws {NoAnswer} */
export async function handOver(host: Holder, given: Given, { start, hasScreen }: Manner): Promise<Handed> {
  const { status, body } = await ask(host, {
    path: `/local/add?start=${Number(start)}&screen=${Number(hasScreen)}`,
    type: given.type,
    body: given.content,
    timeoutMs: TIMEOUT_MS,
  });
  if (typeof body !== 'object' || body === null) throw new NoAnswer('its answer cannot be read');
  const { state, name, text, open, message } = body as Readonly<Record<string, unknown>>;
  if (status !== 200 && typeof message === 'string')
    return { state: 'refused', sentence: `${begun(given)}: ${message}`, open: null };
  const known = STATES.find(each => each === state);
  if (known === undefined || typeof name !== 'string' || typeof text !== 'string')
    throw new NoAnswer('its answer cannot be read');
  const label = name === '' ? begun(given) : `“${name}”`;
  return { state: known, sentence: sentence(known, label, text), open: typeof open === 'string' ? open : null };
}

function sentence(state: State, label: string, why: string): string {
  switch (state) {
    case 'shown':
      return `${label}: Starling asks about it.`;
    case 'listed':
      return `${label} is in the list already.`;
    case 'started':
      return `${label} was started.`;
    case 'waiting':
      return `${label} waits: Starling asks about it, or starts it, as soon as it can.`;
    case 'refused':
      return `${label} was not added. ${why}`;
    default:
      return state satisfies never;
  }
}

function begun({ label }: Given): string {
  return label.charAt(0).toUpperCase() + label.slice(1);
}
