/** RC4 on a socket: raw bytes, frames that land, and spans from files, over the real io-daemon. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rc4 } from '../../daemon/io/rc4.ts';
import { ErrorCode, type Frame, MAX_POSITION, Op, SentStatus } from '../../daemon/wire/frames.ts';
import {
  BLOCK,
  blockFrames,
  commit,
  connected,
  DISCARD,
  landed,
  landOpen,
  landRule,
  openFile,
  payload,
  sha1Of,
  WRITTEN,
} from './fixture.ts';
import type { IoClient, IoProcess } from './io-process.ts';
import { framed, type Peer, PeerServer } from './peer.ts';
import { useClient } from './setup.ts';

const text = (value: string) => Buffer.from(value);
const NONE = new Uint8Array();

describe('RC4', () => {
  it.each([
    ['Key', 'Plaintext', 'bbf316e8d940af0ad3'],
    ['Wiki', 'pedia', '1021bf0420'],
    ['Secret', 'Attack at dawn', '45a01f645fc35b383552544b9bf5'],
  ])('enciphers as published: %s', (key, plain, cipher) => {
    const bytes = text(plain);
    Rc4.at({ key: text(key), position: 0 }).apply(bytes);
    expect(bytes.toString('hex')).toBe(cipher);
  });

  // RFC 6229, 40-bit key 01 02 03 04 05.
  it.each([
    [0, 'b2396305f03dc027ccc3524a0a1118a8'],
    [1024, '30abbcc7c20b01609f23ee2d5f6bb7df'],
    [4096, 'ff25b58995996707e51fbdf08b34d875'],
  ])('goes on at byte %i of the keystream', (position, stream) => {
    const bytes = Buffer.alloc(16);
    Rc4.at({ key: Buffer.from([1, 2, 3, 4, 5]), position }).apply(bytes);
    expect(bytes.toString('hex')).toBe(stream);
  });
});

describe('a socket with a cipher', () => {
  const theirs = { key: text('what the peer sends with'), position: 1024 + 7 };
  const ours = { key: text('what we send with'), position: 1024 + 99 };
  let io: IoProcess;
  let client: IoClient;
  let server: PeerServer;
  useClient(started => ({ io, client } = started));
  beforeAll(async () => {
    server = await PeerServer.listen();
  });
  afterAll(() => server.close());

  const cipherOf = (back: Uint8Array = NONE, sock = 1): Frame => ({
    op: Op.STREAM_CIPHER,
    id: 0,
    sock,
    receive: theirs,
    send: ours,
    back,
  });

  /** The far side of such a stream. */
  function keysOf(peer: Peer) {
    const sends = Rc4.at(theirs);
    const receives = Rc4.at(ours);
    return {
      hide(...parts: readonly Uint8Array[]): Buffer {
        const bytes = Buffer.concat(parts);
        sends.apply(bytes);
        return bytes;
      },
      async show(count: number): Promise<Buffer> {
        const bytes = Buffer.from(await peer.take(count));
        receives.apply(bytes);
        return bytes;
      },
    };
  }

  async function received(count: number): Promise<string> {
    const parts: Uint8Array[] = [];
    while (parts.reduce((sum, part) => sum + part.length, 0) < count) parts.push((await client.next(Op.TCP_RECV)).bytes);
    return Buffer.concat(parts).toString('latin1');
  }

  const credit = (bytes: number): Frame => ({ op: Op.STREAM_CREDIT, id: 0, sock: 1, bytes });

  it('deciphers what was given back, what was held and what follows, in any pieces', async () => {
    const peer = await connected(client, server, 1, false);
    const { hide, show } = keysOf(peer);
    client.send({ op: Op.TCP_SEND, id: 0, sock: 1, bytes: text('plain ') });
    const hidden = hide(text('given back, held, '));
    await peer.send(Buffer.concat([text('open'), hidden]));
    client.send(credit(8));
    const read = Buffer.from(await received(8), 'latin1');
    expect(read.toString('latin1', 0, 4)).toBe('open');
    await client.sync();
    client.send(cipherOf(read.subarray(4)), { op: Op.TCP_SEND, id: 0, sock: 1, bytes: text('hidden') });
    expect((await peer.take(6)).toString()).toBe('plain ');
    expect((await show(6)).toString()).toBe('hidden');
    client.send(credit(100));
    for (const byte of hide(text('and later'))) await peer.send(Buffer.of(byte));
    expect(await received(27)).toBe('given back, held, and later');
  });

  it('lands what it deciphers', async () => {
    const peer = await connected(client, server, 1, false);
    const { hide } = keysOf(peer);
    const bytes = payload(5 * BLOCK + 100);
    await openFile(client, 1, 'landed', bytes.length);
    client.send(
      cipherOf(),
      { op: Op.STREAM_FRAMED, id: 0, sock: 1, maxFrame: 1 << 20, back: framed(text('given back')) },
      credit(1 << 20),
      { op: Op.LAND_RULE, id: 0, sock: 1, buffer: 0, withdraw: false, prefix: DISCARD, runs: [] },
    );
    landOpen(client, 3, bytes.length, [{ file: 1, offset: 0, length: bytes.length }]);
    landRule(client, 1, 3, bytes.length);
    expect(await received(14)).toBe(framed(text('given back')).toString('latin1'));
    const stream = hide(...blockFrames(3, bytes), framed(text('done')));
    for (let at = 0; at < stream.length; at += 9_999) await peer.send(stream.subarray(at, at + 9_999));
    await landed(client, 1, 3, bytes.length);
    expect(await received(8)).toBe(framed(text('done')).toString('latin1'));
    expect(await commit(client, 3, [sha1Of(bytes)])).toMatchObject(WRITTEN);
  });

  it('enciphers spans behind their headers, among other sends', async () => {
    const peer = await connected(client, server, 1, false);
    const { show } = keysOf(peer);
    const bytes = payload(3 * BLOCK);
    writeFileSync(join(io.root, 'spans'), bytes);
    await openFile(client, 1, 'spans', bytes.length, false);
    client.send(cipherOf());
    for (let send = 0; send < 3; send++) {
      const spans = [{ file: 1, offset: send * BLOCK, length: BLOCK }];
      client.send({ op: Op.SEND_SPANS, id: 0, sock: 1, send, header: text(`head ${send}`), spans });
    }
    for (let send = 0; send < 3; send++) {
      expect(await client.next(Op.SENT)).toMatchObject({ sends: [send], status: SentStatus.SENT });
      expect((await show(6)).toString()).toBe(`head ${send}`);
      expect((await show(BLOCK)).equals(bytes.subarray(send * BLOCK, (send + 1) * BLOCK))).toBe(true);
    }
    client.send({ op: Op.SEND_SPANS, id: 0, sock: 1, send: 9, header: NONE, spans: [{ file: 0, offset: 0, length: 50 }] });
    expect((await show(50)).equals(Buffer.alloc(50))).toBe(true);
  });

  it('is refused twice, after frames, without a key and far into a keystream; not on a socket that is gone', async () => {
    await connected(client, server, 1, false);
    await connected(client, server, 2, true);
    const refused = async (frame: Frame) => {
      client.send({ ...frame, id: 5 });
      expect(await client.next(Op.ERROR)).toMatchObject({ id: 5, code: ErrorCode.BAD_STATE });
    };
    const bare = { op: Op.STREAM_CIPHER, id: 0, sock: 1, receive: theirs, send: ours, back: NONE } as const;
    await refused({ ...bare, receive: { key: NONE, position: 0 } });
    await refused({ ...bare, send: { ...ours, position: MAX_POSITION + 1 } });
    await refused(cipherOf(NONE, 2));
    client.send(cipherOf());
    await refused(cipherOf());
    client.send(cipherOf(NONE, 77));
    await client.sync();
    expect(client.inbox.filter(frame => frame.op === Op.ERROR)).toEqual([]);
  });
});
