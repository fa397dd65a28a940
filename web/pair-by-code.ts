/** How a page finds a helper that runs already, and asks it to be paired; ask-to-pair.ts says when. */
import { HELPER_PORTS } from '../sw/api.ts';
import { run } from './actions.ts';
import { loopback } from './loopback.ts';
import { installId } from './pair.ts';
import { isFromHelper, pairing, type PairFailure, type PairStep } from './pairing.ts';

/** As long as a person may take to answer the browser, ms. */
const PERMISSION_MS = 60_000;
/** For a port that says nothing; one where nobody listens fails at once, ms. */
const HEALTH_MS = 3_000;
const POLL_MS = 1_000;
/** Polls in a row without an answer, after which the helper is taken for gone. */
const MAX_SILENT = 5;

interface Helper {
  readonly port: number;
  readonly base: string;
}

/** Asks the helper, and waits for its answer. */
export async function attempt(signal: AbortSignal): Promise<PairStep> {
  const helper = await findHelper(signal);
  if (signal.aborted) return { step: 'idle' };
  if (helper === null) return failed({ code: await whyNone() });
  const install = installId();
  const asked = await post(`${helper.base}/pair`, { installId: install });
  if (asked === null) return failed({ code: 'lost' });
  const { id, code, seconds } = asked.body;
  if (asked.status === 429) return failed({ code: 'later', seconds: Number(seconds) });
  if (asked.status !== 202 || typeof id !== 'string' || typeof code !== 'string') return failed({ code: 'lost' });
  if (signal.aborted) return takeBack(helper, id);
  pairing.value = { step: 'waiting', code };
  return answerOf(helper, id, install, signal);
}

async function answerOf(helper: Helper, id: string, install: string, signal: AbortSignal): Promise<PairStep> {
  for (let silent = 0; silent < MAX_SILENT;) {
    await pause(POLL_MS, signal);
    if (signal.aborted) return takeBack(helper, id);
    const answer = await post(`${helper.base}/status`, { id });
    silent = answer === null ? silent + 1 : 0;
    const { state, token } = answer?.body ?? {};
    if (state === 'paired' && typeof token === 'string') {
      // Also where it was called off meanwhile: it was allowed, and the token would be nobody's.
      run({ do: 'pair', token, installId: install, port: helper.port });
      return { step: 'idle' };
    }
    if (answer?.status === 503) {
      takeBack(helper, id);
      return failed({ code: 'unsaved' });
    }
    if (state === 'refused' || state === 'unasked' || state === 'over') return failed({ code: state });
  }
  return failed({ code: 'lost' });
}

/** The person at the helper need not be asked any more. */
function takeBack(helper: Helper, id: string): PairStep {
  void post(`${helper.base}/status`, { id, cancel: true });
  return { step: 'idle' };
}

/** The first, in their order, of those ports at which a helper answers. */
async function findHelper(signal: AbortSignal): Promise<Helper | null> {
  if (isFromHelper()) return { port: Number(location.port), base: '' };
  const mayBeAsked = (await mayReach()) === 'prompt';
  const within = AbortSignal.any([signal, AbortSignal.timeout(mayBeAsked ? PERMISSION_MS : HEALTH_MS)]);
  const found = await Promise.all(
    HELPER_PORTS.map(async port => {
      const base = `http://127.0.0.1:${port}`;
      return (await isHelper(base, within)) ? { port, base } : null;
    }),
  );
  return found.find(helper => helper !== null) ?? null;
}

async function isHelper(base: string, signal: AbortSignal): Promise<boolean> {
  try {
    const answer = await fetch(`${base}/health`, { cache: 'no-store', credentials: 'omit', signal });
    const body: unknown = await answer.json();
    return typeof body === 'object' && body !== null && 'name' in body && body.name === 'starling';
  } catch {
    return false;
  }
}

async function mayReach(): Promise<PermissionState | null> {
  return (await loopback())?.state ?? null;
}

async function whyNone(): Promise<'denied' | 'unanswered' | 'never' | 'no-helper'> {
  const state = await mayReach();
  if (state === 'denied') return 'denied';
  if (state === 'prompt') return 'unanswered';
  // Safari takes a program of this computer for mixed content.
  return state === null && navigator.vendor.startsWith('Apple') ? 'never' : 'no-helper';
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Null where none came. */
async function post(url: string, body: object): Promise<Answer | null> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      cache: 'no-store',
      credentials: 'omit',
    });
    const told: unknown = await answer.json();
    return { status: answer.status, body: typeof told === 'object' && told !== null ? (told as Record<string, unknown>) : {} };
  } catch {
    return null;
  }
}

function failed(why: PairFailure): PairStep {
  return { step: 'failed', why };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
  });
}
