/**
 * A program of its own, to be run at home behind a router: the engine with a real host and io-daemon, and a torrent that strangers
 * may ask for. Arguments: the folder of a built io-daemon, an info-hash. Tells what the router does as lines of JSON, and obeys
 * lines on stdin: `on` and `off` set port mapping, their end is its own.
 */
import { createInterface } from 'node:readline';
import { RealEngine } from './engine.ts';

const [io = '', infoHash = ''] = process.argv.slice(2);
const engine = await RealEngine.start(io, { portMapping: true });
const { id } = engine.session.add({ kind: 'magnet', uri: `magnet:?xt=urn:btih:${infoHash}` });
engine.start(id);

let told = '';
const telling = setInterval(() => {
  const state = JSON.stringify(engine.session.mapping.state);
  if (state !== told) console.log(state);
  told = state;
}, 50);

const lines = createInterface({ input: process.stdin });
lines.on('line', line => engine.session.configure({ portMapping: line === 'on' }));
lines.on('close', () => {
  clearInterval(telling);
  void engine.stop().then(() => process.exit(0));
});
