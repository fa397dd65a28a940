/** Pairing as the command line has it: `starling pairs`, the question in the terminal, and a browser that cannot read the file. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { Tokens } from '../../daemon/host/pairing/tokens.ts';
import { ControlOp } from '../../daemon/wire/control.ts';
import { buildCli, removeCli, run, started } from './cli.ts';
import { control, INSTALL_ID, knock } from './host.ts';
import { tempFolder, until } from './temp.ts';

let dist = '';
beforeAll(async () => {
  dist = await buildCli();
});
afterAll(() => removeCli(dist));

const SITE = 'https://app.example';
type Host = Parameters<typeof knock>[0];

async function ask(args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const asked = run(dist, ['pairs', ...args]);
  const { code } = await asked.ended;
  return { code, out: asked.out(), err: asked.err() };
}

async function statusOf(host: Host, id: string): Promise<{ state: string; token?: string }> {
  return (await (await knock(host, 'status', SITE, { id })).json()) as { state: string; token?: string };
}

test('apps are listed and unpaired, by a host that runs and at rest, and what is shown holds no token', async () => {
  const home = tempFolder();
  const options = ['--home', home];
  expect(await ask(options)).toEqual({ code: 0, out: 'No app is paired.\n', err: '' });
  const tokens = await Tokens.open(home);
  const site = await tokens.issue(SITE, INSTALL_ID, 'Firefox on Linux');
  const listed = await ask(['list', ...options]);
  expect(listed.out).toMatch(
    /^ID +APP +PAIRED +LAST USED +FROM\n[0-9a-f]{12} {2}Firefox on Linux {2}\d{4}-\d\d-\d\d {2}- +https:\/\/app\.example\n$/,
  );

  const host = await started(dist, ['--port', '0', '--no-open', '--download-dir', join(home, 'downloads'), ...options]);
  const client = await control(host as unknown as Host, site, INSTALL_ID, SITE);
  await client.welcome();
  const [app] = (await ask(options)).out.match(/[0-9a-f]{12}/) ?? [];
  for (const none of ['beef', 'b'.repeat(200)]) {
    expect(await ask(['revoke', none, ...options])).toMatchObject({
      code: 1,
      err: expect.stringContaining(`No app with the ID '${none}'`) as string,
    });
  }
  const kept = readFileSync(join(home, 'tokens.json'));
  rmSync(join(home, 'tokens.json'));
  mkdirSync(join(home, 'tokens.json'));
  expect(await ask(['revoke', app!, ...options])).toMatchObject({
    code: 1,
    err: expect.stringContaining('after a restart it would be paired again') as string,
  });
  rmdirSync(join(home, 'tokens.json'));
  writeFileSync(join(home, 'tokens.json'), kept);
  expect(await ask(['revoke', app!, ...options])).toEqual({ code: 0, out: 'It is paired no more.\n', err: '' });
  expect(await client.closed).toBe(4003);
  expect(client.frames.at(-1)).toMatchObject({ op: ControlOp.EVENT, event: { type: 'unpaired' } });
  await expect(control(host as unknown as Host, site, INSTALL_ID, SITE)).rejects.toThrow('403');
  host.child.kill('SIGINT');
  await host.ended;

  await (await Tokens.open(home)).issue(SITE, INSTALL_ID, 'Firefox on Linux');
  const [again] = (await ask(options)).out.match(/[0-9a-f]{12}/) ?? [];
  expect(await ask(['revoke', again!, ...options])).toMatchObject({ code: 0 });
  expect((await ask(options)).out).toBe('No app is paired.\n');
  expect(statSync(join(home, 'tokens.json')).mode & 0o777).toBe(0o600);
  expect(existsSync(join(home, 'lock.json'))).toBe(false);
  for (const wrong of [['revoke'], ['forget'], ['revoke', 'a', 'b'], ['list', 'a']]) {
    expect((await ask([...wrong, ...options])).code, wrong.join(' ')).toBe(2);
  }
});

const PYTHON = '/usr/bin/python3';
const hasPython = existsSync(PYTHON);

test.skipIf(!hasPython)(
  `the question stands in the terminal, and its answer counts${hasPython ? '' : ' (needs python3)'}`,
  async () => {
    const home = tempFolder();
    const spawned = ['import pty, sys', 'sys.exit(pty.spawn(sys.argv[1:]) >> 8)'].join('\n');
    const args = ['start', '--port', '0', '--no-open', '--home', home, '--download-dir', join(home, 'downloads')];
    const child = spawn(PYTHON, ['-c', spawned, process.execPath, join(dist, 'bin/starling.mjs'), ...args], {
      env: { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '' },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const ended = new Promise(resolve => child.once('close', resolve));
    onTestFinished(async () => {
      // Its terminal goes with it, and the host with that.
      child.kill('SIGKILL');
      await ended;
    });
    await until(() => out.includes('Ctrl-C'), 'started');
    const origin = /Starling is at (\S+)\//.exec(out)![1]!;
    const host = { origin, port: Number(new URL(origin).port) } as Host;
    const { id, code } = (await (await knock(host, 'pair', SITE, { installId: INSTALL_ID })).json()) as {
      id: string;
      code: string;
    };
    await until(() => out.includes('Type the code'), 'the question');
    expect(out).toContain(`${SITE} asks to use Starling on this computer, and shows a code of six digits.`);
    expect((await statusOf(host, id)).state).toBe('waiting');
    child.stdin.write(`${code}\n`);
    const paired = await until(async () => (await statusOf(host, id)).token, 'the token');
    expect(Buffer.from(paired, 'base64url')).toHaveLength(32);
    // Keys that interrupt it go on doing so.
    child.stdin.write('\u0003');
    await until(() => out.includes('Stopping.'), 'its end');
  },
);

test.skipIf(process.platform !== 'linux')(
  'a browser that cannot read the file is led to the app itself after ten seconds',
  { timeout: 60_000 },
  async () => {
    const home = tempFolder();
    const [bin, opened] = [join(home, 'browser'), join(home, 'opened')];
    writeFileSync(bin, `#!/bin/sh\necho "$1" >> ${opened}\n`);
    chmodSync(bin, 0o755);
    const args = ['start', '--port', '0', '--home', home, '--download-dir', join(home, 'downloads')];
    const nothing = { XDG_DATA_HOME: home, XDG_DATA_DIRS: home, XDG_CONFIG_HOME: home, XDG_CONFIG_DIRS: home };
    const host = run(dist, args, { ...nothing, CI: '', DISPLAY: ':987', BROWSER: bin });
    await until(() => host.out().includes('It opens in your browser.'), 'started');
    const origin = /Starling is at (\S+)\//.exec(host.out())![1]!;
    const lines = (): string[] => (existsSync(opened) ? readFileSync(opened, 'utf8').trim().split('\n') : []);
    await until(() => lines().length === 2, 'the second', 30_000);
    expect(lines()[0]).toMatch(/open-[0-9a-f]+\.html$/);
    expect(lines()[1]).toBe(`${origin}/`);
  },
);
