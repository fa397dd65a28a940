/**
 * Peers that do nothing: they connect, shake hands, and from then on keep the connection alive every two minutes (BEP 3).
 * Arguments: port, how many, then info-hashes in hex, which they divide among them. Says how many stand, once all do; ends when
 * stdin does.
 */
import { connect } from 'node:net';

const [port, count, ...infoHashes] = process.argv.slice(2);
const ALIVE = 120_000;

/** Each is at an address of its own. */
function stand(index) {
  const infoHash = infoHashes[index % infoHashes.length];
  const id = `-XX0000-${String(index).padStart(12, '0')}`;
  const handshake = Buffer.concat([
    Buffer.from('\x13BitTorrent protocol', 'latin1'),
    Buffer.alloc(8),
    Buffer.from(infoHash, 'hex'),
    Buffer.from(id),
  ]);
  return new Promise((resolve, reject) => {
    const localAddress = `127.1.${index >> 7}.${1 + (index & 127)}`;
    const socket = connect({ host: '127.0.0.1', port: Number(port), localAddress }, () => socket.write(handshake));
    socket.once('data', () => {
      resolve();
      const alive = () => socket.write(Buffer.alloc(4));
      setTimeout(() => setInterval(alive, ALIVE) && alive(), (ALIVE * index) / count);
    });
    socket.on('data', () => undefined);
    socket.on('error', reject);
    socket.on('close', () => {
      console.error(`peer ${index} was dropped`);
      process.exit(1);
    });
  });
}

for (let index = 0; index < Number(count); index++) await stand(index);
console.log(count);
process.stdin.resume().on('end', () => process.exit(0));
