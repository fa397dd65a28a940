/**
 * A sender of payload frames (BEP 3: length, 7, piece, offset, 16 KiB of data), in order, again and again to whoever connects.
 * It is told how many more frames it may send by a u32 big-endian each, and ends the connection after the last.
 * The first line it prints is {port, digests}: the SHA-1 of each piece in hexadecimal.
 *
 * node landing-sender.mjs PIECE PIECES
 */
import { createHash, randomFillSync } from 'node:crypto';
import { createServer } from 'node:net';

const BLOCK = 16_384;
const HEAD = 13;
/** Handed to the system at once, bytes. */
const WRITE = 1 << 20;
const [piece, pieces] = process.argv.slice(2).map(Number);
const blocks = piece / BLOCK;
const framedPiece = piece + blocks * HEAD;
const FRAME = HEAD + BLOCK;

/** Everything as it goes over the wire, ready before anyone is timed. */
const stream = Buffer.allocUnsafeSlow(framedPiece * pieces);
const digests = [];
for (let index = 0, at = 0; index < pieces; index++) {
  const hash = createHash('sha1');
  for (let offset = 0; offset < piece; offset += BLOCK) {
    stream.writeUInt32BE(HEAD - 4 + BLOCK, at);
    stream[at + 4] = 7;
    stream.writeUInt32BE(index, at + 5);
    stream.writeUInt32BE(offset, at + 9);
    const data = stream.subarray(at + HEAD, at + HEAD + BLOCK);
    hash.update(randomFillSync(data));
    at += HEAD + BLOCK;
  }
  digests.push(hash.digest('hex'));
}

const server = createServer({ noDelay: true }, socket => {
  let allowed = 0;
  let at = 0;
  let isWriting = false;
  let words = Buffer.alloc(0);
  const write = () => {
    if (isWriting || at === allowed) return;
    const end = Math.min(at + WRITE, allowed);
    isWriting = true;
    socket.write(stream.subarray(at, end), () => {
      isWriting = false;
      write();
    });
    at = end;
    if (at === stream.length) socket.end();
  };
  socket.on('error', () => undefined);
  socket.on('data', bytes => {
    words = Buffer.concat([words, bytes]);
    for (; words.length >= 4; words = words.subarray(4)) {
      allowed = Math.min(allowed + words.readUInt32BE(0) * FRAME, stream.length);
    }
    write();
  });
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port, digests })));
process.stdin.resume().on('end', () => process.exit());
