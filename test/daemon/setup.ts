/** Hooks of most tests of the io-daemon. What they start is told before each test. */
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { Op } from '../../daemon/wire/frames.ts';
import { connected } from './fixture.ts';
import { type IoClient, IoProcess } from './io-process.ts';
import { type Peer, PeerServer } from './peer.ts';

interface WithClient {
  readonly io: IoProcess;
  readonly client: IoClient;
}

interface WithPeer extends WithClient {
  readonly server: PeerServer;
  readonly peer: Peer;
}

/** One io-daemon for all tests, and for each a client that drops what the one before it left. */
export function useClient(tell: (started: WithClient) => void): void {
  let io: IoProcess;
  let client: IoClient;
  beforeAll(async () => {
    io = await IoProcess.start();
  });
  beforeEach(async () => {
    client = await io.connect();
    for (const { buffer } of client.kept) client.send({ op: Op.LAND_DROP, id: 0, buffer });
    tell({ io, client });
  });
  afterEach(() => client.close());
  afterAll(() => io.stop());
}

/** A client as above, and a peer at the far end of its socket 1; `isFramed` as in {@link connected}. */
export function usePeer(tell: (started: WithPeer) => void, isFramed = true): void {
  let started: WithClient;
  let server: PeerServer;
  useClient(now => (started = now));
  beforeAll(async () => {
    server = await PeerServer.listen();
  });
  beforeEach(async () => {
    const peer = await connected(started.client, server, 1, isFramed);
    tell({ ...started, server, peer });
  });
  afterAll(() => server.close());
}
