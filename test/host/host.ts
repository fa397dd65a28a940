/** A host in this process, on a free port, with a small app and a fake io-daemon. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { type LeaseClock, systemLeaseClock } from '../../daemon/host/control/lease-keeper.ts';
import type { Answer, Approver } from '../../daemon/host/pairing/approval/approver.ts';
import { type Host, startHost } from '../../daemon/host/main.ts';
import type { ControlFrame, Welcome } from '../../daemon/wire/control.ts';
import { ControlOp } from '../../daemon/wire/control.ts';
import { decodeControl, encodeControl } from '../../daemon/wire/control-codec.ts';
import { type Frame, Op } from '../../daemon/wire/frames.ts';
import { tempFolder, until } from './temp.ts';

const FAKE = join(import.meta.dirname, '../fakes/io-child.mjs');
export const INSTALL_ID = 'install-0001';

export interface TestHost extends Host {
  readonly home: string;
  readonly downloads: string;
  /** What the io-daemon heard. */
  readonly heard: () => string;
  readonly said: readonly string[];
}

/** `answer`: what a person says to every app that asks to be paired, or how one is asked. */
export async function testHost({
  ioMode = 'ok',
  home = tempFolder(),
  clock = systemLeaseClock,
  answer = 'unasked',
  awayProgram,
}: {
  ioMode?: string;
  home?: string;
  clock?: LeaseClock;
  answer?: Answer | Approver;
  awayProgram?: string;
} = {}): Promise<TestHost> {
  const folder = tempFolder();
  const webFolder = join(folder, 'web');
  mkdirSync(join(webFolder, 'assets'), { recursive: true });
  writeFileSync(join(webFolder, 'index.html'), '<!doctype html><title>app</title>');
  writeFileSync(join(webFolder, 'sw.js'), '// worker');
  writeFileSync(join(webFolder, 'quick.html'), '<!doctype html><title>quick</title>');
  writeFileSync(join(webFolder, 'assets/main-abc123.js'), '// hashed');
  const heard = join(folder, 'heard');
  writeFileSync(heard, '');
  const said: string[] = [];
  const downloads = join(folder, 'downloads');
  const host = await startHost({
    home,
    port: 0,
    downloadDir: downloads,
    verbose: false,
    webFolder,
    ioProgram: [FAKE, ioMode, heard],
    say: text => said.push(text),
    clock,
    ...(awayProgram === undefined ? {} : { awayProgram }),
    approvers: () => [typeof answer === 'string' ? () => Promise.resolve(answer) : answer],
  });
  if ('running' in host) throw new Error('a host runs on this home');
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (isStopped) return;
    isStopped = true;
    await host.stop();
  };
  onTestFinished(stop);
  return { ...host, stop, home, downloads, said, heard: () => readFileSync(heard, 'utf8') };
}

/** The secret in the redirect file of a new pairing link. */
export async function newSecret(host: Host): Promise<string> {
  return /#pair=([\w-]+)/.exec(readFileSync(await host.newLink(), 'utf8'))![1]!;
}

/** `agent`: what the browser says of itself. */
export async function pair(host: Host, installId: string = INSTALL_ID, agent = ''): Promise<string> {
  const response = await fetch(`${host.origin}/pair`, {
    method: 'POST',
    headers: { Origin: host.origin, 'Content-Type': 'application/json', 'User-Agent': agent },
    body: JSON.stringify({ secret: await newSecret(host), installId }),
  });
  const { token } = (await response.json()) as { token: string };
  return token;
}

/** Asks one of the three doors that are open to websites. */
export function knock(host: Host, door: 'pair' | 'status', origin: string, body: unknown, agent = ''): Promise<Response> {
  return fetch(`${host.origin}/${door}`, {
    method: 'POST',
    headers: { Origin: origin, 'Content-Type': 'application/json', 'User-Agent': agent },
    body: JSON.stringify(body),
  });
}

/** The token of a page of that origin, where everybody who asks is allowed. */
export async function pairWebsite(host: Host, origin: string, agent = ''): Promise<string> {
  const { id } = (await (await knock(host, 'pair', origin, { installId: INSTALL_ID }, agent)).json()) as { id: string };
  const { token } = await until(async () => {
    const status = (await (await knock(host, 'status', origin, { id })).json()) as { token?: string };
    return status.token === undefined ? null : { token: status.token };
  }, 'a token');
  return token;
}

export interface ControlClient {
  readonly ws: WebSocket;
  readonly frames: (ControlFrame | Frame)[];
  /** The close code, once it is closed. */
  readonly closed: Promise<number>;
  send(frame: ControlFrame | Frame): void;
  /** Resolves to the first frame, from now or before, that fits. */
  find<T extends ControlFrame | Frame>(fits: (frame: ControlFrame | Frame) => frame is T): Promise<T>;
  welcome(fits?: (welcome: Welcome) => boolean): Promise<Welcome>;
}

export function controlSocket(host: Host, origin: string = host.origin): ControlClient {
  const ws = new WebSocket(`ws://127.0.0.1:${host.port}/control`, { origin });
  const frames: (ControlFrame | Frame)[] = [];
  ws.on('message', data => frames.push(decodeControl(data as Buffer)));
  ws.on('error', () => undefined);
  onTestFinished(() => ws.terminate());
  const find: ControlClient['find'] = fits => until(() => frames.find(frame => fits(frame)) as never, 'a frame');
  return {
    ws,
    frames,
    closed: new Promise(resolve => ws.once('close', resolve)),
    send: frame => ws.send(encodeControl(frame)),
    find,
    async welcome(fits = () => true) {
      const frame = await find(
        (one): one is Extract<ControlFrame, { op: typeof ControlOp.WELCOME }> =>
          one.op === ControlOp.WELCOME && fits(one.welcome),
      );
      return frame.welcome;
    },
  };
}

/** A connection that has sent its AUTH. */
export async function control(
  host: Host,
  token: string,
  installId: string = INSTALL_ID,
  origin: string = host.origin,
): Promise<ControlClient> {
  const client = controlSocket(host, origin);
  await new Promise((resolve, reject) => {
    client.ws.once('open', resolve);
    client.ws.once('error', reject);
  });
  client.send({ op: Op.AUTH, id: 1, token, origin, installId });
  return client;
}

/** Sends raw bytes and gives back what came until the other end closed, or switched protocols. */
export function raw(port: number, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
      if (answer.startsWith('HTTP/1.1 101 ')) socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
    socket.write(request);
  });
}
