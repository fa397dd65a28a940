import { expect, test } from 'vitest';
import type { Answer, Question } from '../../daemon/host/pairing/approval/approver.ts';
import { type Asked, PairRequests, REQUEST_MS, SILENCE_MS } from '../../daemon/host/pairing/pair-requests.ts';
import { TestClock } from './clock.ts';

const ORIGIN = 'https://app.example';
const ASKING = { origin: ORIGIN, installId: 'install-0001', name: 'Chromium on Linux' };

interface Shown extends Question {
  readonly signal: AbortSignal;
  answer(answer: Answer): Promise<void>;
}

function setUp() {
  const clock = new TestClock();
  const shown: Shown[] = [];
  const issued: string[] = [];
  const failing = { isOn: false };
  const requests = new PairRequests({
    now: clock.now,
    after: clock.after,
    issue: ({ origin, installId }) => {
      if (failing.isOn) return Promise.reject(new Error('full'));
      issued.push(`${origin} ${installId}`);
      return Promise.resolve(`token ${issued.length}`);
    },
    approve: (question, signal) =>
      new Promise(resolve => {
        const answer = (what: Answer): Promise<void> => {
          resolve(what);
          return new Promise(done => setTimeout(done));
        };
        shown.push({ ...question, signal, answer });
      }),
  });
  return { clock, shown, issued, requests, failing };
}

function idOf(asked: Asked): string {
  if (asked.outcome !== 'asked') throw new Error(`asked ${asked.retryMs} ms too soon`);
  return asked.id;
}

test('a yes is a token for the page that asked, once', async () => {
  const { shown, issued, requests } = setUp();
  const asked = requests.ask(ASKING);
  const id = idOf(asked);
  expect(shown).toHaveLength(1);
  expect(shown[0]).toMatchObject({ origin: ORIGIN, code: (asked as { code: string }).code });
  expect(shown[0]!.code).toMatch(/^\d{6}$/);
  expect(Buffer.from(id, 'base64url')).toHaveLength(32);
  expect(await requests.status(id, ORIGIN)).toEqual({ state: 'waiting' });
  await shown[0]!.answer('allow');
  expect(issued).toEqual([]);
  expect(await requests.status(id, 'https://other.example')).toEqual({ state: 'over' });
  expect(await requests.status(`${id}x`, ORIGIN)).toEqual({ state: 'over' });
  const both = await Promise.all([requests.status(id, ORIGIN), requests.status(id, ORIGIN)]);
  expect(both).toEqual([{ state: 'paired', token: 'token 1' }, { state: 'over' }]);
  expect(issued).toEqual([`${ORIGIN} install-0001`]);
});

test('a yes whose token cannot be written stands, and its page may ask again', async () => {
  const { shown, requests, failing } = setUp();
  const id = idOf(requests.ask(ASKING));
  await shown[0]!.answer('allow');
  failing.isOn = true;
  for (let time = 0; time < 2; time++) await expect(requests.status(id, ORIGIN)).rejects.toThrow('full');
  failing.isOn = false;
  expect(await requests.status(id, ORIGIN)).toEqual({ state: 'paired', token: 'token 1' });
  expect(await requests.status(id, ORIGIN)).toEqual({ state: 'over' });
});

test('one is asked about at a time, whoever else comes', () => {
  const { clock, shown, requests } = setUp();
  idOf(requests.ask(ASKING));
  for (let n = 0; n < 1000; n++) {
    const origin = `https://n${n}.example`;
    expect(requests.ask({ ...ASKING, origin })).toMatchObject({ outcome: 'later' });
    clock.pass(1);
  }
  expect(shown).toHaveLength(1);
});

test('after a no there is a rest for everybody, twice as long each time', async () => {
  const { clock, shown, requests } = setUp();
  for (const [index, rest] of [30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000].entries()) {
    const id = idOf(requests.ask(ASKING));
    await shown[index]!.answer('refuse');
    expect(await requests.status(id, ORIGIN)).toEqual({ state: 'refused' });
    expect(requests.ask({ ...ASKING, origin: 'https://other.example' })).toEqual({ outcome: 'later', retryMs: rest });
    clock.pass(rest - 1);
    expect(requests.ask(ASKING)).toMatchObject({ outcome: 'later' });
    clock.pass(1);
  }
  // A yes, or ten quiet minutes, and the next rest is a short one again.
  const id = idOf(requests.ask(ASKING));
  await shown.at(-1)!.answer('allow');
  await requests.status(id, ORIGIN);
  idOf(requests.ask(ASKING));
  await shown.at(-1)!.answer('refuse');
  expect(requests.ask(ASKING)).toEqual({ outcome: 'later', retryMs: 30_000 });
  clock.pass(30_000 + 600_001);
  idOf(requests.ask(ASKING));
  await shown.at(-1)!.answer('refuse');
  expect(requests.ask(ASKING)).toEqual({ outcome: 'later', retryMs: 30_000 });
});

test('a yes that comes after the page took its question back, went away, or let its time pass gives no token', async () => {
  const ends: readonly ((set: ReturnType<typeof setUp>, id: string) => Promise<void>)[] = [
    ({ requests }, id) => Promise.resolve(requests.cancel(id, ORIGIN)),
    ({ clock }) => Promise.resolve(clock.pass(SILENCE_MS)),
    async ({ clock, requests }, id) => {
      for (let passed = 0; passed < REQUEST_MS; passed += 1000) {
        await requests.status(id, ORIGIN);
        clock.pass(1000);
      }
    },
    ({ requests }) => Promise.resolve(requests.stop()),
  ];
  for (const end of ends) {
    const set = setUp();
    const id = idOf(set.requests.ask(ASKING));
    expect(set.shown[0]!.signal.aborted).toBe(false);
    await end(set, id);
    expect(set.shown[0]!.signal.aborted).toBe(true);
    await set.shown[0]!.answer('allow');
    expect(await set.requests.status(id, ORIGIN)).toEqual({ state: 'over' });
    expect(set.issued).toEqual([]);
    expect(set.requests.ask(ASKING)).toMatchObject({ outcome: 'later' });
  }
});

test('a yes that nobody fetches is over as well', async () => {
  const { clock, shown, issued, requests } = setUp();
  const id = idOf(requests.ask(ASKING));
  await shown[0]!.answer('allow');
  clock.pass(SILENCE_MS);
  expect(await requests.status(id, ORIGIN)).toEqual({ state: 'over' });
  expect(issued).toEqual([]);
});

test('nobody else takes it back', async () => {
  const { shown, requests } = setUp();
  const id = idOf(requests.ask(ASKING));
  requests.cancel(id, 'https://other.example');
  requests.cancel('guess', ORIGIN);
  expect(shown[0]!.signal.aborted).toBe(false);
  expect(await requests.status(id, ORIGIN)).toEqual({ state: 'waiting' });
});

test('ids that were paired before change nothing: a person is asked, of each origin and each time', async () => {
  const { shown, issued, requests } = setUp();
  const paired = idOf(requests.ask(ASKING));
  await shown[0]!.answer('allow');
  await requests.status(paired, ORIGIN);
  for (const origin of ['https://copy.example', ORIGIN]) {
    const id = idOf(requests.ask({ ...ASKING, origin }));
    expect(shown.at(-1)).toMatchObject({ origin });
    expect(await requests.status(id, origin)).toEqual({ state: 'waiting' });
    await shown.at(-1)!.answer('allow');
    await requests.status(id, origin);
  }
  expect(shown).toHaveLength(3);
  expect(issued).toHaveLength(3);
});

test('where nobody can be asked, the page hears that, and nobody has to rest', async () => {
  const { shown, requests } = setUp();
  const id = idOf(requests.ask(ASKING));
  await shown[0]!.answer('unasked');
  expect(await requests.status(id, ORIGIN)).toEqual({ state: 'unasked' });
  idOf(requests.ask(ASKING));
});
