import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startEngine, type NodeEngine } from '../../daemon/host/away/engine.ts';
import { NodeSockets } from '../../daemon/host/away/sockets.ts';
import { until } from '../host/temp.ts';
import { haveOpenssl, WebTracker } from '../peers/web-tracker.ts';
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
});

describe('trackers over WebSockets', () => {
  const events = (told: string[]) => ({
    opened: () => told.push('opened'),
    message: (text: string) => told.push(text),
    closed: () => told.push('closed'),
  });

  it.skipIf(!haveOpenssl())('are not heard where nobody vouches for their certificate', async () => {
    const sockets = new NodeSockets('http://127.0.0.1');
    const told: string[] = [];
    const tracker = await WebTracker.start();
    onTestFinished(() => tracker.stop());
    sockets.trackers.open(tracker.url, events(told));
    await until(() => told.length > 0, 'it is refused');
    expect(told).toEqual(['closed']);
    await sockets.close();
  });

  it('that have no such address are closed, not thrown', async () => {
    const sockets = new NodeSockets('http://127.0.0.1');
    const told: string[] = [];
    sockets.trackers.open('wss://tracker.example/#part', events(told));
    expect(told).toEqual([]);
    await until(() => told.length > 0, 'it is closed');
    expect(told).toEqual(['closed']);
  });
});
