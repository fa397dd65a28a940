/** A stranger on the internet reaches the engine at home, through a router that the host asked to let them in. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PortMappings } from '../../sw/view-model.ts';
import { buildIo } from '../adapters/daemon.ts';
import { HomeNetwork, PRIVATE, PUBLIC, routerMissing, SIX } from './router.ts';
import { until } from './wait.ts';

const top = join(import.meta.dirname, '../..');
const missing = routerMissing();
const INFO_HASH = 'ab'.repeat(20);
/** A handshake for that torrent; the other side's is told in hex. */
const KNOCK = `
const [host, port, hash] = process.argv.slice(1);
const socket = require('node:net').connect({ host, port: Number(port), timeout: 5000 });
let heard = '';
socket.on('connect', () => socket.write(Buffer.concat([Buffer.from('\\x13BitTorrent protocol'), Buffer.alloc(8), Buffer.from(hash, 'hex'), Buffer.from('-XX0001-abcdefghijkl')])));
socket.on('data', chunk => { heard += chunk.toString('hex'); if (heard.length >= 136) socket.destroy(); });
socket.on('timeout', () => socket.destroy());
socket.on('error', () => undefined);
socket.on('close', () => console.log(heard));
`;

class EngineAtHome {
  readonly told: PortMappings[] = [];
  private readonly child: ChildProcess;

  constructor(network: HomeNetwork, program: string, io: string) {
    const [command = '', ...args] = network.atHome;
    const child = spawn(command, [...args, process.execPath, program, io, INFO_HASH], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.child = child;
    createInterface({ input: child.stdout }).on('line', line => {
      const state = JSON.parse(line) as PortMappings | null;
      if (state !== null) this.told.push(state);
    });
  }

  say(line: 'on' | 'off'): void {
    this.child.stdin?.write(`${line}\n`);
  }

  async state(state: PortMappings['state']): Promise<PortMappings> {
    await until(`the router to be ${state}`, () => this.told.at(-1)?.state === state, 60_000);
    return this.told.at(-1)!;
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const ended = new Promise(resolve => this.child.once('exit', resolve));
    this.child.stdin?.end();
    await ended;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise(resolve => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
  }
}

describe.skipIf(missing !== '')(`a real router${missing}`, { timeout: 120_000 }, () => {
  let io = '';
  let dist = '';
  let network: HomeNetwork;
  let engine: EngineAtHome | null = null;

  beforeAll(async () => {
    io = await buildIo();
    mkdirSync(join(top, '.cache'), { recursive: true });
    dist = mkdtempSync(join(top, '.cache/mapped-engine-'));
    await build({
      configFile: false,
      root: top,
      publicDir: false,
      logLevel: 'error',
      define: { __VERSION__: '"0.0.0-test"' },
      build: {
        ssr: join(top, 'test/peers/mapped_engine.ts'),
        outDir: dist,
        target: 'node20',
        rolldownOptions: { external: ['vitest'], output: { entryFileNames: 'engine.mjs' } },
      },
    });
  });
  afterAll(() => {
    for (const folder of [io, dist]) rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    network = new HomeNetwork();
  });
  afterEach(async () => {
    await engine?.kill();
    engine = null;
    await network.remove();
  });

  const startEngine = (): EngineAtHome => (engine = new EngineAtHome(network, join(dist, 'engine.mjs'), io));

  /** Who answers a stranger at that port of the router, by the info-hash of its handshake; empty where nobody does. */
  function knock(port: number, at = PUBLIC.router): string {
    const [command = '', ...args] = network.outside;
    const heard = execFileSync(command, [...args, process.execPath, '-e', KNOCK, at, String(port), INFO_HASH], {
      encoding: 'utf8',
    });
    return heard.trim().slice(56, 96);
  }

  it.each([
    ['pcp', { upnp: false, natPmpAndPcp: true }, false],
    ['nat-pmp', { upnp: false, natPmpAndPcp: true }, true],
    ['upnp', { upnp: true, natPmpAndPcp: false }, false],
  ] as const)('lets a stranger in by %s, until the setting is switched off', async (via, options, isOld) => {
    if (isOld) network.refusePcp();
    await network.start(options);
    const home = startEngine();
    const { mappings, externalAddress, pinholes, ...open } = await home.state('open');
    expect(open).toEqual({ state: 'open', via, problem: '' });
    expect(pinholes.state).toBe('none');
    expect(externalAddress).toBe(PUBLIC.router);
    expect(mappings.map(({ protocol }) => protocol)).toEqual(['tcp', 'udp']);
    const port = mappings[0]!.externalPort;
    expect(mappings.map(({ externalPort }) => externalPort)).toEqual([port, port]);
    expect(knock(port)).toBe(INFO_HASH);
    home.say('off');
    await home.state('off');
    expect(network.rules()).not.toContain('dnat');
    expect(knock(port)).toBe('');
  });

  it.each([
    ['pcp', { upnp: false, natPmpAndPcp: true }],
    ['upnp', { upnp: true, natPmpAndPcp: false }],
  ] as const)('lets a stranger through its firewall over IPv6 by %s, until the setting is switched off', async (via, options) => {
    await network.remove();
    network = new HomeNetwork(PUBLIC, true);
    // Over IPv6 its daemon answers PCP whatever its settings say.
    if (via === 'upnp') network.refusePcp();
    await network.start(options);
    const home = startEngine();
    await until('the firewall to be open', () => home.told.at(-1)?.pinholes.state === 'open', 60_000);
    expect(home.told.at(-1)?.pinholes).toEqual({ state: 'open', via, address: SIX.home });
    const { mappings } = await home.state('open');
    const { port } = mappings[0]!;
    expect(knock(port, SIX.home)).toBe(INFO_HASH);
    home.say('off');
    await home.state('off');
    await until('the pinholes to be gone', () => !network.pinholes().includes(SIX.home));
    expect(knock(port, SIX.home)).toBe('');
  });

  it('is given all back when the host stops', async () => {
    await network.start({ upnp: true, natPmpAndPcp: true });
    const home = startEngine();
    await home.state('open');
    expect(network.rules()).toContain('dnat');
    await home.stop();
    expect(network.rules()).not.toContain('dnat');
  });

  it('takes the same ports again from a host that was killed before it could give them back', async () => {
    await network.start({ upnp: false, natPmpAndPcp: true });
    const home = startEngine();
    const { mappings } = await home.state('open');
    await home.kill();
    expect(network.rules()).toContain('dnat');
    expect((await startEngine().state('open')).mappings).toEqual(mappings);
  });

  it('refuses where it stands behind another itself, and is silent when it is off', async () => {
    await network.remove();
    network = new HomeNetwork(PRIVATE);
    await network.start({ upnp: true, natPmpAndPcp: true });
    expect((await startEngine().state('failed')).problem).toBe('refused');
    await engine?.stop();
    await network.stop();
    expect((await startEngine().state('failed')).problem).toBe('no-answer');
  });
});
