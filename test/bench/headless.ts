/**
 * The engine with its adapters, in a process of its own, on a host that runs: headless.mjs PORT REDIRECT_FILE MAGNET
 *
 * Says "ready" when it knows the files, and "complete" when it has them. Starts at a line "start", tells its heap at "heap",
 * and ends when stdin does.
 */
import { createInterface } from 'node:readline';
import { RealEngine } from '../peers/engine.ts';
import { until } from '../peers/wait.ts';
import type { HeadlessLine } from './engines.ts';

const [port = '', redirect = '', magnet = ''] = process.argv.slice(2);
const say = (line: HeadlessLine): void => console.log(JSON.stringify(line));

const engine = await RealEngine.on({
  folder: '',
  host: { origin: `http://127.0.0.1:${port}`, port: Number(port), newLink: () => Promise.resolve(redirect), downloadDir: '' },
  close: () => Promise.resolve(),
});
const { id } = engine.session.add({ kind: 'magnet', uri: magnet });
await until('the files to be known', () => engine.session.rows().some(({ size }) => size > 0));
say({ event: 'ready' });
for await (const command of createInterface({ input: process.stdin })) {
  if (command === 'start') {
    engine.start(id);
    until('all to be there', () => engine.state(id) === 'seeding', 600_000).then(
      () => say({ event: 'complete' }),
      () => process.exit(1),
    );
  } else if (command === 'heap') {
    const { heapUsed, heapTotal } = process.memoryUsage();
    say({ event: 'heap', usedSize: heapUsed, totalSize: heapTotal });
  }
}
process.exit();
