/** What the system starts for a link or a file: the built link-handler, and `starling add`, `open` and `stop`. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, realpathSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startTimeOf } from '../../daemon/host/process/process-info.ts';
import { API_VERSION } from '../../sw/api.ts';
import { ControlOp, HandedState, type ControlFrame } from '../../daemon/wire/control.ts';
import { relayFrames } from '../../daemon/wire/relay.ts';
import { buildCli, isAlive, removeCli, run, runLink, started, type Run } from './cli.ts';
import { control, pair, type ControlClient } from './host.ts';
import { tempFolder, until } from './temp.ts';

let dist = '';
beforeAll(async () => {
  dist = await buildCli();
});
afterAll(() => removeCli(dist));

const onLinux = describe.skipIf(process.platform !== 'linux');

const MAGNET = `magnet:?xt=urn:btih:${'a'.repeat(40)}&dn=Open%20film`;
type Relayed = Extract<ControlFrame, { op: typeof ControlOp.RELAY }>;
type Handoff = Extract<ControlFrame, { op: typeof ControlOp.HANDOFF }>;

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function end({ ended, out, err }: Run): Promise<Ended> {
  const { code } = await ended;
  return { code, out: out(), err: err() };
}

/** A home whose host stands on a port of its own, puts downloads inside and asks no router. */
function home(): string {
  const folder = tempFolder();
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ network: { portMapping: false } }));
  return folder;
}

async function hostOn(folder: string): Promise<Awaited<ReturnType<typeof started>>> {
  return started(dist, ['--port', '0', '--home', folder, '--download-dir', join(folder, 'downloads'), '--no-open']);
}

/** One that is paired with a host that runs, and at work. */
async function clientOf({ origin, port, redirect }: Awaited<ReturnType<typeof hostOn>>): Promise<ControlClient> {
  const host = { origin, port, newLink: () => Promise.resolve(redirect) } as unknown as Parameters<typeof pair>[0];
  const client = await control(host, await pair(host));
  await client.welcome();
  return client;
}

/** A client at work that answers every hand-off with this, once it is there. */
async function atWork(folder: string, state: HandedState): Promise<{ client: ControlClient; got(): string[] }> {
  const client = await clientOf(await hostOn(folder));
  client.ws.on('message', () => {
    const frame = client.frames.at(-1);
    if (frame?.op === ControlOp.HANDOFF) {
      client.send({ op: ControlOp.HANDED, id: 0, handoff: frame.handoff, state, text: 'No room.' });
    }
  });
  const isHandoff = (frame: { op: number }): frame is Handoff => frame.op === ControlOp.HANDOFF;
  return { client, got: () => client.frames.filter(isHandoff).map(({ content }) => Buffer.from(content).toString('latin1')) };
}

function lockOf(folder: string): { pid: number; port: number } {
  return JSON.parse(readFileSync(join(folder, 'lock.json'), 'utf8')) as { pid: number; port: number };
}

/** Ends the host that a command has started in the background. */
function endsHostOf(folder: string): void {
  onTestFinished(async () => {
    const { pid } = lockOf(folder);
    process.kill(pid, 'SIGTERM');
    await until(() => !isAlive(pid), 'its end');
  });
}

/** A port of the first start, as a host that is started in the background takes those of the list. */
async function keepPort(folder: string): Promise<void> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise(resolve => server.close(resolve));
  writeFileSync(join(folder, 'host.json'), JSON.stringify({ port }));
  writeFileSync(
    join(folder, 'roots.json'),
    JSON.stringify({ salt: 'salt', default: join(folder, 'downloads'), paths: [join(folder, 'downloads')] }),
  );
  mkdirSync(join(folder, 'downloads'));
}

/** As where somebody sits in front, with a browser that notes what it was to open. */
function withBrowser(): { readonly env: NodeJS.ProcessEnv; readonly opened: string } {
  const folder = tempFolder();
  const [browser, opened] = [join(folder, 'browser'), join(folder, 'opened')];
  writeFileSync(browser, `#!/bin/sh\necho "$1" >> ${opened}\n`, { mode: 0o755 });
  const nothing = { XDG_DATA_HOME: folder, XDG_DATA_DIRS: folder, XDG_CONFIG_HOME: folder, XDG_CONFIG_DIRS: folder };
  return { env: { ...nothing, DISPLAY: ':987', CI: '', BROWSER: browser }, opened };
}

const TORRENT = `d4:infod6:lengthi1e4:name1:x12:piece lengthi16384e6:pieces20:${'p'.repeat(20)}ee`;

function torrentFile(name = 'x.torrent', content: string | Buffer = TORRENT): string {
  const file = join(tempFolder(), name);
  writeFileSync(file, content);
  return file;
}

describe('the link-handler', () => {
  test('hands links and files to the host that runs, and ends without a word', async () => {
    const folder = home();
    const { got } = await atWork(folder, HandedState.SHOWN);
    const [file, addressed] = [torrentFile(), torrentFile('with space.torrent', TORRENT.replace('1:x', '1:y'))];
    expect(await end(runLink(dist, ['--home', folder, '--', MAGNET]))).toEqual({ code: 0, out: '', err: '' });
    expect(await end(runLink(dist, ['--home', folder, '--', file, pathToFileURL(addressed).href]))).toEqual({
      code: 0,
      out: '',
      err: '',
    });
    expect(got()).toEqual([MAGNET, TORRENT, TORRENT.replace('1:x', '1:y')]);
  });

  test('what it was told waits is shown by the next host, where the one that was told was killed', async () => {
    const folder = home();
    const { child } = await hostOn(folder);
    expect(await end(runLink(dist, ['--home', folder, '--', MAGNET, torrentFile()], withBrowser().env))).toMatchObject({
      code: 0,
    });
    child.kill('SIGKILL');
    await until(() => child.signalCode !== null, 'its end');
    const client = await clientOf(await hostOn(folder));
    const frames = await until(() => {
      const got = client.frames.filter((frame): frame is Handoff => frame.op === ControlOp.HANDOFF);
      return got.length === 2 ? got : null;
    }, 'both');
    expect(frames.map(({ content }) => Buffer.from(content).toString('latin1'))).toEqual([MAGNET, TORRENT]);
    for (const { handoff } of frames) client.send({ op: ControlOp.HANDED, id: 0, handoff, state: HandedState.SHOWN, text: '' });
    await until(() => readdirSync(join(folder, 'waiting')).length === 0, 'no record');
  });

  test('says what the app refuses', async () => {
    const folder = home();
    await atWork(folder, HandedState.REFUSED);
    expect(await end(runLink(dist, ['--home', folder, '--', MAGNET]))).toEqual({
      code: 1,
      out: '',
      err: '“Open film” was not added. No room.\n',
    });
  });

  test('takes nothing that it is given to open for an option or a program, and nothing but links and torrent files', async () => {
    const folder = home();
    const elsewhere = tempFolder();
    const { got } = await atWork(folder, HandedState.SHOWN);
    const secret = join(elsewhere, 'secret.txt');
    writeFileSync(secret, TORRENT);
    mkdirSync(join(elsewhere, 'folder.torrent'));
    execFileSync('mkfifo', [join(elsewhere, 'pipe.torrent')]);
    const hostile = [
      '--home=/tmp',
      '--help',
      '-',
      '',
      '--',
      '; touch /tmp/x',
      '$(touch x)',
      'http://evil.com/x.torrent',
      'javascript:alert(1)',
      pathToFileURL(torrentFile()).href.replace('file://', 'file://evil.com'),
      pathToFileURL(secret).href,
      secret,
      join(elsewhere, 'folder.torrent'),
      join(elsewhere, 'pipe.torrent'),
      join(elsewhere, 'missing.torrent'),
      torrentFile('large.torrent', Buffer.alloc(10_000_001)),
      `magnet:?xt=urn:btih:${'a'.repeat(70_000)}`,
    ];
    const { code, out, err } = await end(runLink(dist, ['--home', folder, '--', ...hostile]));
    expect([code, out]).toEqual([1, '']);
    expect(err.trimEnd().split('\n')).toHaveLength(hostile.length);
    for (const name of ['folder', 'pipe']) expect(err).toContain(`“${name}.torrent” is no file.`);
    // Neither as the first thing that is opened.
    for (const args of [
      ['--home', elsewhere],
      ['--home', elsewhere, MAGNET.replace('magnet', 'x')],
      ['--', '--home', elsewhere],
    ]) {
      const env = { XDG_DATA_HOME: join(folder, 'nowhere') };
      expect((await end(runLink(dist, args, env))).code, args.join(' ')).toBe(1);
    }
    expect(existsSync(join(elsewhere, 'lock.json'))).toBe(false);
    expect(got()).toEqual([]);
  });

  test('says so where the host does not answer, and where it cannot be read', async () => {
    for (const silent of [true, false]) {
      const folder = home();
      const server = createServer((_request, response) => {
        if (!silent) response.end('hello');
      });
      onTestFinished(() => void server.closeAllConnections());
      onTestFinished(() => void server.close());
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      const lock = { pid: process.pid, startTime: await startTimeOf(process.pid), port, secret: 's' };
      writeFileSync(join(folder, 'lock.json'), JSON.stringify(lock));
      const { code, err } = await end(runLink(dist, ['--home', folder, '--', MAGNET]));
      expect([code, err.trimEnd().split('\n').length]).toEqual([1, 1]);
      expect(err).toMatch(/The Starling that runs does not answer .+ End it, then open the link again/);
    }
  });
});

onLinux('where no host runs', () => {
  test('one is started that outlives it, also where a dead one left its lock file', async () => {
    const folder = home();
    await keepPort(folder);
    writeFileSync(join(folder, 'lock.json'), JSON.stringify({ pid: 2 ** 22 + 1, startTime: '1', port: 1, secret: 's' }));
    const { env, opened } = withBrowser();
    const { code, err } = await end(runLink(dist, ['--home', folder, '--', MAGNET], env));
    endsHostOf(folder);
    expect([code, err]).toEqual([0, '']);
    await until(() => existsSync(opened) && readFileSync(opened, 'utf8').endsWith('\n'), 'the browser');
    expect(readFileSync(opened, 'utf8')).toMatch(/open-[0-9a-f]+[.]html\n$/);
    expect(isAlive(lockOf(folder).pid)).toBe(true);
    const again = await end(run(dist, ['add', MAGNET, '--home', folder], env));
    expect(again).toMatchObject({ code: 0, out: expect.stringMatching(/^“Open film” waits: Starling asks about it/) as string });
  });

  test('one that cannot be started is said with the reason', async () => {
    const folder = home();
    writeFileSync(join(folder, 'config.json'), '{');
    const { code, err } = await end(runLink(dist, ['--home', folder, '--', MAGNET]));
    expect(code).toBe(1);
    expect(err).toMatch(/Starling could not be started[.] .*config[.]json/);
  });

  test('the app is opened, in a browser where there is a screen', async () => {
    const folder = home();
    await keepPort(folder);
    const { env, opened } = withBrowser();
    expect((await end(run(dist, ['open', '--home', folder], env))).out).toContain('It opens in your browser.');
    endsHostOf(folder);
    await until(() => existsSync(opened) && readFileSync(opened, 'utf8').endsWith('\n'), 'the browser');
    expect(readFileSync(readFileSync(opened, 'utf8').trim().replace('file://', ''), 'utf8')).toContain('#pair=');
  });

  test('a browser that trades no link is led to the app without one, and the host that was started can ask a person', async () => {
    const folder = home();
    await keepPort(folder);
    const { env, opened } = withBrowser();
    const lines = (): string[] => (existsSync(opened) ? readFileSync(opened, 'utf8').trim().split('\n') : []);
    expect(await end(runLink(dist, ['--home', folder, '--', MAGNET], env))).toEqual({ code: 0, out: '', err: '' });
    endsHostOf(folder);
    const { pid, port } = lockOf(folder);
    await until(() => lines().length === 2, 'the app without a link', 60_000);
    expect(lines().map(line => line.replace(/open-[0-9a-f]+/, 'open'))).toEqual([
      expect.stringContaining('/open.html'),
      `http://127.0.0.1:${port}/`,
    ]);
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(realpathSync(folder));
    await fetch(`http://127.0.0.1:${port}/pair`, {
      method: 'POST',
      headers: { Origin: 'https://app.example', 'Content-Type': 'application/json' },
      body: JSON.stringify({ installId: 'install-0001' }),
    });
    await until(() => lines().length === 3, 'the page that asks', 60_000);
    expect(readFileSync(lines()[2]!.replace('file://', ''), 'utf8')).toContain('/approve.html#');
  });
});

describe('starling', () => {
  test('add says of each what became of it, and fails where one was not added', async () => {
    const folder = home();
    const { got } = await atWork(folder, HandedState.LISTED);
    const { code, out, err } = await end(run(dist, ['add', MAGNET, 'nothing', torrentFile(), '--home', folder]));
    expect([code, out]).toEqual([1, '“Open film” is in the list already.\n“x” is in the list already.\n']);
    expect(err).toBe('“nothing” is neither a magnet link nor a .torrent file. Nothing was added.\n');
    expect(got()).toHaveLength(2);
    expect((await end(run(dist, ['add', '--home', folder]))).code).toBe(2);
  });

  test('status tells whose engine is at work, and where none runs that', async () => {
    const folder = home();
    expect(await end(run(dist, ['status', '--home', folder]))).toEqual({ code: 1, out: 'Starling does not run.\n', err: '' });
    const { client } = await atWork(folder, HandedState.SHOWN);
    const { port } = lockOf(folder);
    const asked = end(run(dist, ['status', '--json', '--home', folder]));
    // It is asked as a window asks, and answers with a row whose name would move the cursor.
    const { channel } = await client.find((frame): frame is Relayed => frame.op === ControlOp.RELAY);
    const row = {
      id: 'a',
      name: 'up\u001b[2J',
      size: 10,
      done: 5,
      state: 'downloading',
      problem: null,
      down: 0,
      up: 2048,
      peers: 3,
    };
    const answer = (number: number): void => {
      for (const frame of relayFrames(number, { type: 'snapshot', version: API_VERSION, torrents: [row], settings: {} }, true))
        client.send(frame);
    };
    answer(channel);
    const { code, out } = await asked;
    expect([code, JSON.parse(out)]).toEqual([
      0,
      expect.objectContaining({ running: true, origin: `http://127.0.0.1:${port}`, atWork: 'app', torrents: [row] }),
    ]);
    const table = end(run(dist, ['status', '--home', folder]));
    answer((await client.find((frame): frame is Relayed => frame.op === ControlOp.RELAY && frame.channel !== channel)).channel);
    expect((await table).out).toMatch(
      /The app is at work[.]\n\n.*\n50 % {2}10 B {2}downloading {8}2 kB\/s {2}3 {6}up\ufffd\[2J\n$/,
    );
  });

  test('stop ends the host in order, and where none runs there is nothing to do', async () => {
    const folder = home();
    const host = await hostOn(folder);
    expect(await end(run(dist, ['stop', '--home', folder]))).toEqual({ code: 0, out: 'Starling has ended.\n', err: '' });
    expect((await host.ended).code).toBe(0);
    expect(await end(run(dist, ['stop', '--home', folder]))).toEqual({ code: 0, out: 'Starling does not run.\n', err: '' });
  });
});
