import { signal } from '@preact/signals';
import { API_VERSION } from '../sw/api.ts';
import type { Door } from './client.ts';
import { type Hold, holdWorker, PastWorkerError, startPings } from './lend/keepalive.ts';
import { lendTo } from './lend/rtc.ts';
import { forgetReloads, loadAgain, RELOADS } from './load-again.ts';
import { scriptUrl } from './script-url.ts';
import { language } from './words/words.ts';

const SCRIPT = '/sw.js';
/** How long a page waits for its worker to take control before it loads itself once more, in ms. */
const CONTROL_TIMEOUT_MS = 3000;

/** A newer version of the app is installed and waits for the window to be reloaded. */
export const updateWaiting = signal(false);

const OPTIONS: RegistrationOptions = { updateViaCache: 'none' };

let registration: ServiceWorkerRegistration | undefined;
let updating = false;

/** Registers the worker. Rejects where the browser has no service workers, or refuses ours. */
export async function registerWorker(): Promise<void> {
  if (!('serviceWorker' in navigator)) throw new Error('no service workers');
  navigator.serviceWorker.addEventListener('controllerchange', () => {
    // Where another window let it in, nothing waits any more: asked again, the version at work would end for nobody.
    if (updating) location.reload();
    else updateWaiting.value = false;
  });
  registration = await navigator.serviceWorker.register(scriptUrl(SCRIPT), OPTIONS);
  startPings();
}

/** Looks out for newer versions from now on, once the worker is registered. What does it is fetched for it: nobody waits for news of that. */
export async function followUpdates(): Promise<void> {
  const { Workbox } = await import('workbox-window');
  const workbox = new Workbox(scriptUrl(SCRIPT), OPTIONS);
  workbox.addEventListener('waiting', () => (updateWaiting.value = true));
  const registered = await workbox.register({ immediate: true });
  // Of one that is being installed already it does not tell. The first version of all waits for nobody.
  registered?.installing?.addEventListener('statechange', () => {
    updateWaiting.value = registered.waiting !== null && registered.active !== null;
  });
}

/**
 * Lets the waiting version take over. The running worker saves what it is doing and stops, then the new one is told to
 * activate; the window reloads once that one is in control.
 */
export function applyUpdate(): void {
  updating = true;
  registration?.active?.postMessage({ type: 'update' });
  registration?.waiting?.postMessage({ type: 'update' });
}

/** Loads the newest version of the app from where it came, its worker included. */
export async function reloadApp(): Promise<void> {
  await registration?.update().catch(() => undefined);
  const coming = registration?.waiting ?? registration?.installing ?? null;
  if (coming === null) location.reload();
  else if (coming.state === 'installed') applyUpdate();
  else {
    coming.addEventListener('statechange', () => {
      if (coming.state === 'installed') applyUpdate();
      else if (coming.state === 'redundant') location.reload();
    });
  }
}

/** Opens a link to the worker in control of this page; it lasts as long as that worker. */
export async function openDoor(): Promise<Door> {
  const { worker, hold } = await heldWorker();
  const channel = new MessageChannel();
  worker.postMessage({ type: 'connect', version: API_VERSION, language }, [channel.port2]);
  lendTo(worker, hold.ended);
  return { port: channel.port1, ended: hold.ended, close: () => hold.release() };
}

/** Opens a port to that worker for one thing to be shared, see share.ts; it holds the worker meanwhile. */
export async function openShare(): Promise<Door> {
  const { worker, hold } = await heldWorker();
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ type: 'share', version: API_VERSION }, [port2]);
  return {
    port: port1,
    ended: hold.ended,
    close: () => {
      port1.close();
      hold.release();
    },
  };
}

/** The worker in control, held. */
async function heldWorker(): Promise<{ readonly worker: ServiceWorker; readonly hold: Hold }> {
  const worker = await controller();
  try {
    const hold = await holdWorker();
    forgetReloads(RELOADS.past);
    return { worker, hold };
  } catch (cause) {
    // Its worker ended while the page was loaded from it. Chromium then asks the server for all that the page wants.
    if (cause instanceof PastWorkerError) loadAgain(RELOADS.past);
    throw cause;
  }
}

async function controller(): Promise<ServiceWorker> {
  await navigator.serviceWorker.ready;
  if (navigator.serviceWorker.controller === null) await takesControl();
  const worker = navigator.serviceWorker.controller;
  if (worker !== null) return worker;
  // As after a forced reload. Past its worker a page stays that until it is loaded again.
  loadAgain(RELOADS.past);
  throw new Error('The worker did not take control of the page');
}

/** Settles once a worker has taken control, or has had the time to. */
function takesControl(): Promise<void> {
  return new Promise(resolve => {
    setTimeout(resolve, CONTROL_TIMEOUT_MS);
    navigator.serviceWorker.addEventListener('controllerchange', () => resolve(), { once: true });
  });
}
