/**
 * The service worker, put together. Any event may start it and it may be ended at any moment, so nothing waits for a
 * first event: connecting begins with the first line.
 */
import { daemonStats } from './adapters/daemon-stats.ts';
import { LentRtc } from './adapters/rtc-net.ts';
import { browserSockets } from './adapters/web-sockets.ts';
import { letsUsIn } from './adapters/helper-health.ts';
import { BrowserMemory } from './adapters/idb-state.ts';
import { after, consoleLog, openBrowserSocket } from './adapters/platform.ts';
import { API_VERSION, PAIRED_PATH, STATS_PATH, type PairedApp, type WorkerStats } from './api.ts';
import type { TorrentRow } from './view-model.ts';
import { EngineLock } from './engine-lock.ts';
import { Lifetime } from './lifetime.ts';
import { makeLocalRuntime } from './local-runtime.ts';
import { Presence } from './presence.ts';
import { makeRuntime } from './runtime.ts';
import { Sharing } from './sharing.ts';
import { Saving } from './saving.ts';
import { Shelf } from './shelf.ts';
import { keepShell, keepTexts, respondFromShell } from './shell.ts';
import { Streaming } from './streaming.ts';

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: Parameters<typeof keepShell>[0] };
/** Set by the build from package.json. */
declare const __VERSION__: string;

keepShell(self.__WB_MANIFEST);

const log = consoleLog('info');
const marks: { readonly name: string; readonly at: number }[] = [];
/** Later connections of the same life are not part of its start. */
const MAX_MARKS = 32;

function mark(name: string): void {
  if (marks.length < MAX_MARKS) marks.push({ name, at: performance.now() });
}

const memory = new BrowserMemory(log);
const lock = new EngineLock();
const lifetime = new Lifetime(
  () => presence.come(),
  () => {
    void forgetClosedWindows();
    presence.lookLater();
  },
);

const rtc = new LentRtc();
const local = makeLocalRuntime({
  version: __VERSION__,
  rtc,
  sockets: browserSockets,
  isSecure: location.protocol === 'https:',
  log,
  mark,
  replaced: () => {
    shelf?.look();
    server.reset();
  },
});
let shelf: Shelf | null = null;
const { link, torrents, server, openFile } = makeRuntime({
  origin: location.origin,
  version: __VERSION__,
  open: openBrowserSocket,
  after,
  log,
  // To its own page the host says so itself.
  ...(location.hostname === '127.0.0.1' ? {} : { letsUsIn }),
  memory,
  sockets: browserSockets,
  audience: {},
  rtc,
  joined: paired =>
    (shelf = new Shelf(paired, local.torrents, {
      saving: () => saving.rows,
      after,
      wishes: { load: () => memory.wishes(), keep: wishes => memory.keepWishes(wishes) },
      turned: () => server.reset(),
    })),
  mark,
});
const sharing = new Sharing({
  version: __VERSION__,
  torrents: local.torrents,
  isListed: id => shelf?.isListed(id) === true,
  ...local.storage,
});
const streaming = new Streaming({
  open: async (id, file) => {
    await local.torrents.settled();
    return shelf?.isReadHere(id) === true ? local.open(id, file) : openFile(id, file);
  },
  there: (id, file, parts) => (shelf?.isOwn(id) === true ? local : torrents).there(id, file, parts),
  fetch: (...request) => fetch(...request),
  after,
  changed: () => presence.come(),
});
const saving: Saving = new Saving({
  isHere: id => shelf?.isOwn(id) === true,
  detail: id => local.torrents.detail(id),
  open: (id, file) => local.open(id, file),
  torrentFile: id => local.torrents.giver?.engine.giving.torrentFile(id) ?? null,
  settled: () => local.torrents.settled(),
  after,
  now: () => Date.now(),
  ticks: () => performance.now(),
  changed: () => presence.come(),
});
const presence: Presence = new Presence({
  after,
  isSomebodyThere: async () =>
    lifetime.windows > 0 || streaming.reading > 0 || saving.count > 0 || (await openWindows()).length > 0,
  came: () => {
    torrents.wake();
    local.torrents.wake();
  },
  left: () => {
    void torrents.rest();
    void local.torrents.rest();
  },
});

/** What windows are shown first. */
const remembered = remember();
let isStarted = false;

async function remember(): Promise<void> {
  const [everConnected, rows] = await Promise.all([memory.everConnected(), memory.rows<TorrentRow>()]);
  torrents.remember(everConnected, rows);
}

/** Runs the engine here, as soon as no other worker does. Only the active worker may be asked to. */
async function start(): Promise<void> {
  if (isStarted) return;
  isStarted = true;
  mark('started');
  // An event started it, so somebody may be there; if it was none of a window or a reader, it connects for a moment only.
  presence.come();
  const [pairing] = await Promise.all([memory.pairing(), lock.acquire()]);
  mark('locked');
  local.torrents.begin();
  torrents.begin(pairing);
}

/** Makes room for the next version. */
async function handOver(): Promise<void> {
  sharing.end();
  saving.end();
  await Promise.all([torrents.close(true), local.torrents.close()]);
  lifetime.end();
  lock.release();
}

function openWindows(): Promise<readonly WindowClient[]> {
  return self.clients.matchAll({ type: 'window', includeUncontrolled: true });
}

async function forgetClosedWindows(): Promise<void> {
  const clients = new Set((await openWindows()).map(({ id }) => id));
  server.keepOnly(clients);
  rtc.keepOnly(clients);
}

async function stats(): Promise<Response> {
  const told = await daemonStats(link.io);
  const body: WorkerStats = {
    marks,
    io: link.ioTraffic,
    control: link.controlTraffic,
    daemon: told === null ? null : { ...told.stats },
    sockets: told?.busiest ?? [],
    windows: lifetime.windows,
  };
  return Response.json(body, { headers: { 'cache-control': 'no-store' } });
}

/** Where it fails, the next window that opens has it tried again; until then it is shown from where the app came. */
function keep(language: string): Promise<void> {
  return keepTexts(language).catch((cause: unknown) =>
    log('warn', `The texts of the app in ${language} could not be kept: ${String(cause)}`),
  );
}

function pairedApps(): Promise<Response> {
  const body: readonly PairedApp[] = link.pairedApps;
  return Promise.resolve(Response.json(body, { headers: { 'cache-control': 'no-store' } }));
}

const own = new Map<string, () => Promise<Response>>([
  [STATS_PATH, stats],
  [PAIRED_PATH, pairedApps],
]);

self.addEventListener('install', event => {
  // The first version has nobody to wait for; a later one waits until it is let in.
  if (self.registration.active === null) event.waitUntil(self.skipWaiting());
});

self.addEventListener('activate', event => {
  void start();
  event.waitUntil(self.clients.claim());
});

self.addEventListener('fetch', event => {
  void start();
  const url = new URL(event.request.url);
  if (url.origin !== location.origin) return;
  const response =
    lifetime.respond(url) ??
    streaming.respond(event.request, url) ??
    saving.respond(event.request, url) ??
    own.get(url.pathname)?.() ??
    respondFromShell(event, url);
  if (response !== null) event.respondWith(response);
});

self.addEventListener('message', event => {
  const message: unknown = event.data;
  if (typeof message !== 'object' || message === null || !('type' in message)) return;
  const { source } = event;
  if (message.type === 'connect' && source instanceof Client) {
    void start();
    const version = 'version' in message ? message.version : null;
    const [port] = event.ports;
    if (port !== undefined) void remembered.then(() => server.connect(port, source.id, version));
    if ('language' in message && typeof message.language === 'string') event.waitUntil(keep(message.language));
  } else if (message.type === 'lend' && source instanceof Client) {
    const [port] = event.ports;
    if (port !== undefined && 'version' in message && message.version === API_VERSION) rtc.lend(port, source.id);
  } else if (message.type === 'share' && source instanceof Client) {
    const [port] = event.ports;
    if (port !== undefined && 'version' in message && message.version === API_VERSION) sharing.serve(port);
  } else if (message.type === 'update') {
    event.waitUntil(isStarted ? handOver() : self.skipWaiting());
  }
});

// Started anew in the middle of its life, it need not wait for the event that started it.
if ('serviceWorker' in self && self.serviceWorker.state === 'activated') void start();
