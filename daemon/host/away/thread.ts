/** The engine while no window is open, as a thread of the host. It ends by itself where nothing is left to do. */
import { parentPort, workerData } from 'node:worker_threads';
import { startEngine } from './engine.ts';
import { END, type FromThread, type ThreadData } from './messages.ts';

/** How often it looks whether there is anything left to do, in ms. */
const LOOK_MS = 2_000;

const { isVerbose, token, installId, port, ...where } = workerData as ThreadData;
const tell = (message: FromThread): void => parentPort?.postMessage(message);

const engine = startEngine({
  ...where,
  pairing: { token, installId, port },
  audience: { isUnwatched: true, happened: news => tell({ type: 'happened', news }) },
  log(level, text) {
    if (level === 'error' || isVerbose) tell({ type: 'log', level, text });
  },
  mark: tellWork,
});

parentPort?.on('message', message => {
  if (message === END) void end();
});
// To listen is no reason to stay.
parentPort?.unref();
const watch = setInterval(look, LOOK_MS);
let isEnding = false;
let toldWork: boolean | undefined;

/** Before it shows anybody what there is. */
function tellWork(): void {
  const { hasWork } = engine.torrents;
  if (hasWork !== toldWork) tell({ type: 'work', has: hasWork });
  toldWork = hasWork;
}

function look(): void {
  const { link, torrents } = engine;
  tellWork();
  // Refused or superseded it is one too many.
  if (link.state === 'superseded' || link.state === 'unpaired' || !torrents.hasWork) void end();
}

async function end(): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  clearInterval(watch);
  await engine.close();
  tell({ type: 'ended' });
}
