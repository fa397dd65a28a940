/** Loaded before a process of ours: writes V8's CPU profile of each of its threads to $STARLING_PROFILE when it ends. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';

const folder = process.env.STARLING_PROFILE;
const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.start');
process.on('exit', () => {
  session.post('Profiler.stop', (error, result) => {
    if (error || !folder) return;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${process.pid}-${threadId}.cpuprofile`), JSON.stringify(result.profile));
  });
});
