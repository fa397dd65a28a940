import { rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startEngine, type NodeEngine } from '../../daemon/host/away/engine.ts';
import { until } from '../host/temp.ts';
import { buildIo, type Daemon, pairedToken, startDaemon } from './daemon.ts';

let io = '';
beforeAll(async () => {
  io = await buildIo();
});
afterAll(() => rmSync(io, { recursive: true, force: true }));

const HASH = 'a'.repeat(40);

async function daemon(): Promise<Daemon> {
  const started = await startDaemon(io);
  onTestFinished(() => started.close());
  return started;
}

async function engineOn(on: Daemon): Promise<NodeEngine> {
  const installId = 'install-node';
  const { origin, port } = on.host;
  const pairing = { token: await pairedToken(on, installId), installId, port };
  return startEngine({ origin, version: '0', pairing, log: () => undefined });
}

const root = ({ torrents }: NodeEngine): string => torrents.roots().find(({ isDefault }) => isDefault)!.token;

describe('the engine in Node', () => {
  it('works on the host as the worker does, and leaves to the next what it was about', async () => {
    const on = await daemon();
    const first = await engineOn(on);
    const added = await first.torrents.run({ do: 'add', source: { kind: 'magnet', uri: `magnet:?xt=urn:btih:${HASH}&dn=One` } });
    expect(added).toMatchObject({ id: HASH, already: false });
    await first.torrents.run({ do: 'start', id: HASH, priorities: null, root: root(first) });
    await until(() => first.torrents.rows()[0]?.state === 'metadata', 'it looks for the files');
    await first.close();
    const second = await engineOn(on);
    await until(() => second.torrents.rows()[0]?.name === 'One', 'the next has it');
    await second.close();
  });

  it('has nothing to do where all is at rest, or not started by a person yet', async () => {
    const engine = await engineOn(await daemon());
    await until(() => !engine.torrents.hasWork, 'nothing is there to do');
    await engine.torrents.run({ do: 'add', source: { kind: 'magnet', uri: `magnet:?xt=urn:btih:${HASH}` } });
    expect(engine.torrents.hasWork).toBe(false);
    await engine.torrents.run({ do: 'start', id: HASH, priorities: null, root: root(engine) });
    expect(engine.torrents.hasWork).toBe(true);
    await engine.torrents.run({ do: 'pause', ids: [HASH] });
    await until(() => !engine.torrents.hasWork, 'it is at rest, and that is recorded');
    await engine.close();
  });

  it('opens no WebSocket to a tracker, and has nothing to complain of', async () => {
    let connections = 0;
    const server = createServer(socket => {
      connections++;
      socket.destroy();
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const engine = await engineOn(await daemon());
    const uri = `magnet:?xt=urn:btih:${HASH}&tr=${encodeURIComponent(`wss://127.0.0.1:${port}/`)}`;
    await engine.torrents.run({ do: 'add', source: { kind: 'magnet', uri } });
    await engine.torrents.run({ do: 'start', id: HASH, priorities: null, root: root(engine) });
    const tracker = () => engine.torrents.detail(HASH)?.trackers[0];
    await until(() => tracker()?.state === 'counted', 'what it says of the tracker');
    expect(tracker()).toMatchObject({ text: '', seeds: -1, leechers: -1 });
    expect(tracker()?.next).toBeGreaterThan(60);
    await engine.torrents.run({ do: 'announce', ids: [HASH], url: null });
    await engine.close();
    expect(connections).toBe(0);
  });
});
