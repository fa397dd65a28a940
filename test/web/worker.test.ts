import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { applyUpdate, followUpdates, openDoor, registerWorker, updateWaiting } from '../../web/worker.ts';

const { events, registration } = vi.hoisted(() => ({
  events: new EventTarget(),
  registration: {
    active: { postMessage: vi.fn() },
    waiting: null as { postMessage(): void } | null,
    installing: null as EventTarget | null,
  },
}));
vi.mock('workbox-window', () => ({
  Workbox: class {
    addEventListener = events.addEventListener.bind(events);
    register = (): Promise<unknown> => Promise.resolve(registration);
  },
}));
vi.mock('../../web/lend/ping-worker.ts?worker&url', () => ({ default: '/ping.js' }));

beforeEach(() => void vi.stubGlobal('Worker', class {}));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('offers a version that waits, no longer once another window let it in, and reloads only where it was asked for', async () => {
  const reload = vi.fn();
  const serviceWorker = Object.assign(new EventTarget(), { register: () => Promise.resolve(registration) });
  const takesControl = (): unknown => serviceWorker.dispatchEvent(new Event('controllerchange'));
  vi.stubGlobal('navigator', { serviceWorker });
  vi.stubGlobal('location', { href: 'http://127.0.0.1/', origin: 'http://127.0.0.1', reload });
  await registerWorker();
  // The first install takes control, too.
  takesControl();
  expect(updateWaiting.value).toBe(false);
  const found = (registration.installing = new EventTarget());
  await followUpdates();
  events.dispatchEvent(new Event('waiting'));
  expect(updateWaiting.value).toBe(true);
  takesControl();
  expect(updateWaiting.value).toBe(false);
  expect(reload).not.toHaveBeenCalled();
  // One that was found before anybody looked out for it.
  const waiting = (registration.waiting = { postMessage: vi.fn() });
  found.dispatchEvent(new Event('statechange'));
  expect(updateWaiting.value).toBe(true);
  applyUpdate();
  expect(waiting.postMessage).toHaveBeenCalledWith({ type: 'update' });
  takesControl();
  expect(reload).toHaveBeenCalledOnce();
});

const serverPage = (): Response => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } });
const notFound = (): Response => new Response(null, { status: 404 });
const busyWorker = (): Response => new Response(null, { status: 503 });
const stream = (): Response => new Response(new ReadableStream(), { headers: { 'content-type': 'application/octet-stream' } });

it('a page that was loaded past its worker loads again, ever less often, until the worker itself answers', async () => {
  vi.useFakeTimers();
  const [reload, kept] = [vi.fn(), new Map<string, string>()];
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
    removeItem: (key: string) => kept.delete(key),
  });
  vi.stubGlobal('location', { href: 'http://127.0.0.1/', origin: 'http://127.0.0.1', reload });
  const control: { ready: Promise<void>; controller: { postMessage(): void } | null } = {
    ready: Promise.resolve(),
    controller: { postMessage: () => undefined },
  };
  const serviceWorker = Object.assign(new EventTarget(), control);
  vi.stubGlobal('navigator', { serviceWorker });
  const open = async (answer: () => Response): Promise<number> => {
    vi.stubGlobal('fetch', () => Promise.resolve(answer()));
    await openDoor().catch(() => undefined);
    return reload.mock.calls.length;
  };
  // The worker in control takes no window now: that is its answer, and nothing to load again for.
  expect(await open(busyWorker)).toBe(0);
  expect(await open(notFound)).toBe(1);
  expect(await open(notFound)).toBe(1);
  vi.advanceTimersByTime(10_000);
  expect(await open(serverPage)).toBe(2);
  vi.advanceTimersByTime(19_000);
  expect(await open(notFound)).toBe(2);
  vi.advanceTimersByTime(1_000);
  expect(await open(notFound)).toBe(3);
  expect(await open(stream)).toBe(3);
  expect(await open(notFound)).toBe(4);
  expect(await open(stream)).toBe(4);
  // None in control at all, as after a forced reload.
  serviceWorker.controller = null;
  const opening = open(stream);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(await opening).toBe(5);
});
