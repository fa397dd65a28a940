/** Whose turn it is to lend its WebRTC, with a browser's locks in the hands of the test. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { lendTo } from '../../web/lend/rtc.ts';

/** One lock, held by one at a time; the others stand in line. */
class FakeLocks {
  asked = 0;
  private line: Promise<unknown> = Promise.resolve();

  request(_name: string, { signal }: { signal: AbortSignal }, act: () => Promise<void>): Promise<void> {
    this.asked += 1;
    const turn = this.line.then(() => {
      signal.throwIfAborted();
      return act();
    });
    this.line = turn.catch(() => undefined);
    return turn;
  }
}

const ports: MessagePort[] = [];
const worker = {
  postMessage: (_message: unknown, [port]: MessagePort[]) => void ports.push(port!),
} as unknown as ServiceWorker;
let locks: FakeLocks;
/** The worker's life, for all windows. */
let ended: Promise<void>;
let end: () => void;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  locks = new FakeLocks();
  ended = new Promise(resolve => (end = resolve));
  vi.stubGlobal('RTCPeerConnection', class {});
  vi.stubGlobal('navigator', { locks });
});
afterEach(() => {
  end();
  for (const port of ports.splice(0)) port.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Until `isSo`, while no time passes; a test that waits in vain is ended by its runner. */
async function soon(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise(resolve => setImmediate(resolve));
}

describe('a window that lends', () => {
  it('says of a connection that the browser does not make that it is over, and makes the next', async () => {
    let refused = true;
    const made: unknown[] = [];
    vi.stubGlobal(
      'RTCPeerConnection',
      class {
        constructor(configuration: unknown) {
          if (refused) throw new SyntaxError('not a server');
          made.push(configuration);
        }
        createDataChannel = () => ({ close: () => undefined });
        setLocalDescription = () => new Promise(() => undefined);
        close = () => undefined;
      },
    );
    lendTo(worker, ended);
    await soon(() => ports.length === 1);
    const heard: unknown[] = [];
    ports[0]!.onmessage = ({ data }) => heard.push(data);
    ports[0]!.postMessage({ type: 'offer', link: 7, servers: ['stun:[:::]:1'] });
    await soon(() => heard.length > 0);
    expect(heard).toEqual([{ type: 'closed', link: 7, reason: 'The browser made no connection.' }]);
    refused = false;
    ports[0]!.postMessage({ type: 'offer', link: 8, servers: [] });
    await soon(() => made.length === 1);
    expect(heard).toHaveLength(1);
  });
});

describe('a window whose port the worker closes', () => {
  it('gives up its turn, and stands in line again after a pause', async () => {
    lendTo(worker, ended);
    await soon(() => ports.length === 1);
    lendTo(worker, ended);
    ports[0]?.close();
    await soon(() => ports.length === 2);
    expect(locks.asked).toBe(2);
    await vi.advanceTimersByTimeAsync(9_999);
    expect(locks.asked).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(locks.asked).toBe(3);
    ports[1]?.close();
    await soon(() => ports.length === 3);
  });

  it('does not ask again of a worker that has ended', async () => {
    lendTo(worker, ended);
    await soon(() => ports.length === 1);
    end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(locks.asked).toBe(1);
  });
});
