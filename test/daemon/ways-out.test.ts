/** Every way that a byte leaves by, to where none may go. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Guard } from '../../daemon/io/guard.ts';
import { HashPool } from '../../daemon/io/hash-pool.ts';
import { HttpOut } from '../../daemon/io/http-out.ts';
import { Landing } from '../../daemon/io/landing.ts';
import { MemoryPool } from '../../daemon/io/memory.ts';
import { PROCESS_TIME } from '../../daemon/io/process-time.ts';
import { Throttle } from '../../daemon/wire/throttle.ts';
import { type Frame, IpFamily, NetStatus, Op, Transport } from '../../daemon/wire/frames.ts';
import { landOpen, openFile } from './fixture.ts';
import { type IoClient, IoProcess } from './io-process.ts';

/** Of loopback nothing but this is allowed: it is where a server stands that leads elsewhere. */
const ALLOWED = '127.0.0.2';

let io: IoProcess;
let client: IoClient;
let server: Server;
let answer: (response: ServerResponse) => void;
let port: number;

beforeAll(async () => {
  io = await IoProcess.start({ allow: [`${ALLOWED}/32`] });
  client = await io.connect();
  for (const [udp, family] of [
    [4, IpFamily.V4],
    [6, IpFamily.V6],
  ] as const) {
    await client.ask({ op: Op.UDP_BIND, udp, family, port: 0 }, Op.UDP_BOUND);
    client.send({ op: Op.UDP_UTP, id: 0, udp, on: true });
  }
  server = createServer((_request, response) => answer(response));
  await new Promise<void>(resolve => server.listen(0, ALLOWED, resolve));
  const address = server.address();
  port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  await openFile(client, 1, 'x', 16_384);
  landOpen(client, 1, 16_384, [{ file: 1, offset: 0, length: 16_384 }]);
});

afterAll(async () => {
  server.close();
  await io.stop();
});

async function connecting(transport: Transport, host: string, at = port): Promise<NetStatus> {
  return (await client.ask({ op: Op.TCP_CONNECT, sock: 1, transport, host, port: at }, Op.TCP_CONNECTED)).status;
}

async function getting(url: string): Promise<NetStatus> {
  const request = { url, family: 0, headers: {}, maxBytes: 1_000, timeoutMs: 5_000 } as const;
  return (await client.ask({ op: Op.HTTP_GET, request }, Op.HTTP_RESULT)).net;
}

async function landing(url: string): Promise<NetStatus> {
  const places = [{ buffer: 1, offset: 0, length: 16_384 }];
  const frame = { op: Op.HTTP_LAND, url, range: true, from: 0, total: 16_384, silenceMs: 5_000, group: 0, places } as const;
  return (await client.ask(frame, Op.HTTP_ENDED)).net;
}

/** By way of a server that may be asked. */
function led(ask: (url: string) => Promise<NetStatus>, location: string): Promise<NetStatus> {
  answer = response => response.writeHead(302, { location }).end();
  return ask(`http://${ALLOWED}:${port}/`);
}

const urlOf = (host: string, at = port): string => `http://${host.includes(':') ? `[${host}]` : host}:${at}/`;

const ways: Readonly<Record<string, (host: string) => Promise<NetStatus>>> = {
  'a peer over TCP': host => connecting(Transport.TCP, host),
  'a peer over uTP': host => connecting(Transport.UTP, host),
  'a name that is looked up': async host => (await client.ask({ op: Op.RESOLVE, port, host }, Op.RESOLVED)).status,
  'an HTTP tracker': host => getting(urlOf(host)),
  'a web seed': host => landing(urlOf(host)),
  'a tracker that redirects': host => led(getting, urlOf(host)),
  'a web seed that redirects': host => led(landing, urlOf(host)),
};

const hosts = [
  '127.0.0.1',
  '127.1',
  '0x7f.1',
  '2130706433',
  'localhost',
  '0.0.0.0',
  '::1',
  '::',
  '::ffff:127.0.0.1',
  '::7f00:1',
  '64:ff9b::7f00:1',
  '169.254.169.254',
  '100.100.100.200',
  'fe80::1',
  'fd00:ec2::254',
  '224.0.0.1',
  '255.255.255.255',
];

describe.each(Object.keys(ways))('%s', way => {
  it.each(hosts)('is not at %s', async host => {
    expect(await ways[way]?.(host)).toBe(NetStatus.REFUSED_BY_GUARD);
  });
});

describe('HTTP', () => {
  it.each(['10.0.0.1', '192.168.1.1', '172.16.0.1', 'fd12::1', '100.64.0.1'])(
    'asks nothing of the home network at %s, redirected or not',
    async host => {
      for (const way of ['an HTTP tracker', 'a web seed', 'a tracker that redirects', 'a web seed that redirects']) {
        expect(await ways[way]?.(host), way).toBe(NetStatus.REFUSED_BY_GUARD);
      }
    },
  );

  it.each(['file:///etc/passwd', 'ftp://127.0.0.2/', 'data:,x', 'gopher://127.0.0.2/'])(
    'is not spoken to %s, redirected or not',
    async url => {
      for (const ask of [getting, landing]) {
        expect(await ask(url)).toBe(NetStatus.REFUSED_BY_GUARD);
        expect(await led(ask, url)).toBe(NetStatus.REFUSED_BY_GUARD);
      }
    },
  );

  it('is led to no port of another protocol', async () => {
    expect(await led(getting, urlOf(ALLOWED, 25))).toBe(NetStatus.REFUSED_BY_GUARD);
    expect(await getting(urlOf('1.1.1.1', 6667))).toBe(NetStatus.REFUSED_BY_GUARD);
  });

  it('looks a name up anew on every hop, and checks it anew', async () => {
    const told: Frame[] = [];
    const answers = [[ALLOWED], ['127.0.0.1']];
    const guard = new Guard([`${ALLOWED}/32`], () => Promise.resolve(answers.shift() ?? []));
    const outbox = { push: (frame: Frame) => void told.push(frame), later: (tell: () => void) => tell() };
    const out = new HttpOut(
      guard,
      new Landing(new HashPool(), new MemoryPool()),
      new Throttle(PROCESS_TIME),
      { netIn: 0 },
      outbox,
    );
    answer = response => response.writeHead(302, { location: '/again' }).end();
    const request = {
      url: `http://rebinding.example:${port}/`,
      family: 0,
      headers: {},
      maxBytes: 1_000,
      timeoutMs: 5_000,
    } as const;
    await out.get(1, request);
    expect(told).toMatchObject([{ op: Op.HTTP_RESULT, net: NetStatus.REFUSED_BY_GUARD }]);
    expect(answers).toEqual([]);
  });
});

const mine = Object.values(networkInterfaces()).flatMap(list => list?.filter(({ internal }) => !internal) ?? []);
const own = mine.map(({ address }) => address).filter(address => !address.startsWith('fe80'));

it.skipIf(own.length === 0)(
  `its own ports are out of reach at every address of this machine${own.length > 0 ? '' : ' (needs a network)'}`,
  async () => {
    const listen = { op: Op.TCP_LISTEN, listener: 1, port: 0, host: '' } as const;
    const { port: listening } = await client.ask(listen, Op.TCP_LISTEN_RESULT);
    const { port: bound } = await client.ask({ op: Op.UDP_BIND, udp: 9, family: IpFamily.V4, port: 0 }, Op.UDP_BOUND);
    for (const host of own) {
      for (const at of [listening, io.port])
        expect(await connecting(Transport.TCP, host, at), host).toBe(NetStatus.REFUSED_BY_GUARD);
      expect(await connecting(Transport.UTP, host, bound), host).toBe(NetStatus.REFUSED_BY_GUARD);
      for (const ask of [getting, landing]) expect(await ask(urlOf(host, io.port)), host).toBe(NetStatus.REFUSED_BY_GUARD);
    }
  },
);

const hasOpenssl = existsSync('/usr/bin/openssl');

it.skipIf(!hasOpenssl)(`HTTP is not led from https to http${hasOpenssl ? '' : ' (needs openssl)'}`, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'starling-tls-'));
  const [keyFile, certFile] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
  const names = ['-subj', `/CN=${ALLOWED}`, '-addext', `subjectAltName=IP:${ALLOWED}`];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1', ...names];
  execFileSync('openssl', [...made, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
  const credentials = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
  const secure = createSecureServer(credentials, (request, response) => {
    if (request.url === '/there') response.end('there');
    else response.writeHead(302, { location: request.url === '/down' ? urlOf(ALLOWED) : '/there' }).end();
  });
  await new Promise<void>(resolve => secure.listen(0, ALLOWED, resolve));
  const address = secure.address();
  const base = `https://${ALLOWED}:${typeof address === 'object' ? address?.port : 0}`;
  vi.stubEnv('NODE_EXTRA_CA_CERTS', certFile);
  const trusting = await IoProcess.start({ allow: [`${ALLOWED}/32`] });
  vi.unstubAllEnvs();
  const other = await trusting.connect();
  const ask = async (url: string): Promise<NetStatus> => {
    const request = { url, family: 0, headers: {}, maxBytes: 1_000, timeoutMs: 5_000 } as const;
    return (await other.ask({ op: Op.HTTP_GET, request }, Op.HTTP_RESULT)).net;
  };
  answer = response => response.end('in the clear');
  expect(await ask(`${base}/same`)).toBe(NetStatus.OK);
  expect(await ask(`${base}/down`)).toBe(NetStatus.REFUSED_BY_GUARD);
  await trusting.stop();
  secure.close();
  rmSync(dir, { recursive: true });
});
