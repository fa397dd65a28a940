import { afterEach, expect, it, vi } from 'vitest';
import { applyUpdate, registerWorker, updateWaiting } from '../../web/worker.ts';

const { events, registration } = vi.hoisted(() => ({
  events: new EventTarget(),
  registration: { active: { postMessage: vi.fn() }, waiting: { postMessage: vi.fn() } },
}));
vi.mock('workbox-window', () => ({
  Workbox: class {
    addEventListener = events.addEventListener.bind(events);
    register = (): Promise<unknown> => Promise.resolve(registration);
  },
}));
vi.mock('../../web/lend/keepalive.ts', () => ({ startPings: () => undefined, holdWorker: () => undefined }));

afterEach(() => vi.unstubAllGlobals());

it('offers a version that waits, no longer once another window let it in, and reloads only where it was asked for', async () => {
  const reload = vi.fn();
  vi.stubGlobal('navigator', { serviceWorker: new EventTarget() });
  vi.stubGlobal('location', { href: 'http://127.0.0.1/', origin: 'http://127.0.0.1', reload });
  await registerWorker();
  // The first install takes control, too.
  events.dispatchEvent(new Event('controlling'));
  expect(updateWaiting.value).toBe(false);
  events.dispatchEvent(new Event('waiting'));
  expect(updateWaiting.value).toBe(true);
  events.dispatchEvent(new Event('controlling'));
  expect(updateWaiting.value).toBe(false);
  expect(reload).not.toHaveBeenCalled();
  applyUpdate();
  expect(registration.waiting.postMessage).toHaveBeenCalledWith({ type: 'update' });
  events.dispatchEvent(new Event('controlling'));
  expect(reload).toHaveBeenCalledOnce();
});
