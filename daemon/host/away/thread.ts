/** The engine while no window is open, as a thread of the host. It ends when it is told to, and where there is nothing to do. */
import { parentPort, workerData } from 'node:worker_threads';
import { startEngine } from './engine.ts';
import type { FromThread, ThreadData, ToThread } from './messages.ts';

/** How often it looks whether there is anything left to do, in ms. */
const LOOK_MS = 2_000;

const { isVerbose, token, installId, port, ...where } = workerData as ThreadData;
const tell = (message: FromThread): void => parentPort?.postMessage(message);

const engine = startEngine({
  ...where,
  pairing: { token, installId, port },
  log(level, text) {
    if (level === 'error' || isVerbose) tell({ type: 'log', level, text });
  },
});

const watch = setInterval(look, LOOK_MS);
let isEnding = false;

function look(): void {
  const { link, torrents } = engine;
  // Another engine has taken over, or there is nothing to be done.
  if (link.state === 'superseded' || link.state === 'unpaired' || !torrents.hasWork) void end();
}

async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  clearInterval(watch);
  await engine.close();
  tell({ type: 'ended', hasWork: engine.torrents.hasWork });
  parentPort?.close();
}

parentPort?.on('message', ({ type }: ToThread) => {
  if (type === 'end') void end();
});
