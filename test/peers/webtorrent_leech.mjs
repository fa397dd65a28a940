/**
 * WebTorrent in Node, fetching one torrent: webtorrent_leech.mjs TORRENT FOLDER HOST:PORT...
 * Prints one JSON line {"seconds", "cpu"}: from its connecting to its having verified everything, and CPU seconds in all.
 */
import { readFileSync } from 'node:fs';
import { register } from 'node:module';

// WebRTC for Node is a native addon that is not installed; over TCP nothing of it is used.
const none = 'data:text/javascript,export const RTCPeerConnection = null, RTCSessionDescription = null, RTCIceCandidate = null;';
const hook = `export const resolve = (name, context, next) =>
  name === 'webrtc-polyfill' ? { url: ${JSON.stringify(none)}, shortCircuit: true } : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
const { default: WebTorrent } = await import('webtorrent');

const [torrentFile, path, ...peers] = process.argv.slice(2);
const client = new WebTorrent({
  dht: false,
  tracker: false,
  lsd: false,
  utPex: false,
  natUpnp: false,
  natPmp: false,
  utp: false,
  secure: false,
});
client.on('error', error => {
  console.error(error);
  process.exit(1);
});
const torrent = client.add(readFileSync(torrentFile), { path });
torrent.on('ready', () => {
  const started = performance.now();
  for (const peer of peers) torrent.addPeer(peer);
  torrent.on('done', () => {
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ seconds: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 }));
    process.exit(0);
  });
});
