/**
 * What the io-daemon is measured against: a plain Node program that does nothing but read payload frames from one socket
 * into one memory, copy them to their piece, have each piece hashed and, where it is right, written. It believes all
 * that it is sent and knows no rules; it does know how Node is fast. A job a line on standard input, an answer a line.
 *
 * node landing-plain.mjs THREADS: with 0 the event loop hashes and writes as well.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

const HEAD = 13;
/** Pieces that may wait for a thread before reading pauses. */
const AHEAD = 8;

function keep({ bytes, digest, fd, position }) {
  if (createHash('sha1').update(bytes).digest('hex') !== digest) throw new Error('a piece is wrong');
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, position + at);
}

if (isMainThread) {
  const workers = Array.from({ length: Number(process.argv[2]) }, () => new Worker(new URL(import.meta.url)));
  console.log('ready');
  for await (const line of createInterface({ input: process.stdin }))
    console.log(JSON.stringify(await land(JSON.parse(line), workers)));
  process.exit();
} else {
  parentPort.on('message', job => {
    keep(job);
    parentPort.postMessage(job.bytes, [job.bytes.buffer]);
  });
}

async function land({ port, digests, piece, file }, workers) {
  const fd = openSync(file, 'w');
  /** Memory of pieces that are written. */
  const spare = [];
  const open = new Map();
  let kept = 0;
  let waiting = 0;
  let next = 0;
  const started = performance.now();
  await new Promise((resolve, reject) => {
    const head = Buffer.alloc(HEAD);
    const frame = { at: 0, bytes: null, index: 0, offset: 0, left: 0 };
    const memory = Buffer.allocUnsafeSlow(256 * 1024);
    const socket = createConnection({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: memory, callback: read } });
    socket.on('error', reject);
    for (const worker of workers) {
      worker.removeAllListeners('message');
      worker.on('message', bytes => {
        waiting--;
        done(bytes);
        if (waiting < AHEAD) socket.resume();
      });
    }
    const word = Buffer.alloc(4);
    word.writeUInt32BE(0xffffffff);
    socket.write(word);

    function done(bytes) {
      spare.push(bytes);
      if (++kept === digests.length) resolve();
    }

    function whole(index, bytes) {
      const job = { bytes, digest: digests[index], fd, position: index * piece };
      if (workers.length === 0) {
        keep(job);
        done(bytes);
      } else {
        workers[next++ % workers.length].postMessage(job, [bytes.buffer]);
        if (++waiting >= AHEAD) socket.pause();
      }
    }

    function read(count, bytes) {
      for (let at = 0; at < count;) {
        if (frame.left === 0) {
          const used = bytes.copy(head, frame.at, at, Math.min(count, at + HEAD - frame.at));
          at += used;
          frame.at += used;
          if (frame.at < HEAD) break;
          frame.at = 0;
          frame.left = head.readUInt32BE(0) - (HEAD - 4);
          frame.index = head.readUInt32BE(5);
          frame.offset = head.readUInt32BE(9);
          frame.bytes = open.get(frame.index) ?? null;
          if (frame.bytes === null) {
            frame.bytes = spare.pop() ?? new Uint8Array(piece);
            open.set(frame.index, frame.bytes);
          }
        } else {
          const end = Math.min(count, at + frame.left);
          frame.bytes.set(bytes.subarray(at, end), frame.offset);
          frame.offset += end - at;
          frame.left -= end - at;
          at = end;
          if (frame.left === 0 && frame.offset === piece) {
            open.delete(frame.index);
            whole(frame.index, frame.bytes);
          }
        }
      }
      return true;
    }
  });
  const seconds = (performance.now() - started) / 1000;
  closeSync(fd);
  return { seconds };
}
