import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { ControlOp } from '../../daemon/wire/control.ts';
import { decodeFrame, encode } from '../../daemon/wire/codec.ts';
import { Op } from '../../daemon/wire/frames.ts';
import { bundleIo } from '../daemon/bundle.ts';
import { buildCli, childrenOf, removeCli, started } from './cli.ts';
import { control, INSTALL_ID, pair, testHost, type ControlClient } from './host.ts';
import { tempFolder, until } from './temp.ts';

let dist = '';
beforeAll(async () => {
  dist = await buildCli();
  const io = await bundleIo();
  cpSync(dirname(io), join(dist, 'dist/daemon'), { recursive: true });
  copyFileSync(io, join(dist, 'dist/daemon/io.mjs'));
});
afterAll(() => removeCli(dist));

const FRAME_TIME = 10_000;

/** Sends one AUTH and gives all that came back until the end, the close reason included. */
function knock(url: string, origin: string, token: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url, { origin });
    let heard = '';
    ws.on('open', () => ws.send(encode({ op: Op.AUTH, id: 1, token, origin, installId: INSTALL_ID })));
    ws.on('message', (data: Buffer) => {
      heard += JSON.stringify(decodeFrame(data)) + data.toString('latin1');
    });
    ws.on('unexpected-response', (_request, response) => {
      response.on('data', (chunk: Buffer) => (heard += chunk.toString()));
      response.on('end', () => resolve(`${heard}${JSON.stringify(response.headers)}`));
    });
    ws.on('close', (_code, reason) => resolve(heard + reason.toString()));
    ws.on('error', error => (heard === '' ? reject(error) : undefined));
    setTimeout(() => ws.terminate(), FRAME_TIME).unref();
  });
}

/** What an HTTP answer says, its headers and the address that it came from at last. */
async function asked(url: string, init: RequestInit): Promise<string> {
  const response = await fetch(url, init);
  return `${response.url} ${response.status} ${JSON.stringify([...response.headers])} ${await response.text()}`;
}

test.skipIf(process.platform !== 'linux').each(['start', 'start --verbose'])(
  'no token, ticket or pairing secret stands in argv, environment, logs, files, answers or URLs, whatever goes wrong (%s)',
  async command => {
    const more = command.split(' ').slice(1);
    const home = tempFolder();
    const options = ['--port', '0', '--home', home, '--download-dir', join(home, 'downloads'), '--no-open', ...more];
    const host = await started(dist, options);
    const { origin, port } = host;
    const secret = /#pair=([\w-]+)/.exec(readFileSync(host.redirect, 'utf8'))![1]!;
    const lock = (JSON.parse(readFileSync(join(home, 'lock.json'), 'utf8')) as { secret: string }).secret;
    const pairing = (body: string): Promise<string> =>
      asked(`${origin}/pair`, { method: 'POST', headers: { Origin: origin, 'Content-Type': 'application/json' }, body });
    const paired = await pairing(JSON.stringify({ secret, installId: INSTALL_ID }));
    const token = /"token":"([\w-]+)"/.exec(paired)![1]!;
    const client: ControlClient = await control({ origin, port } as Parameters<typeof control>[0], token);
    const { io } = await client.welcome(welcome => welcome.io.state === 'RUNNING');
    const figures = readFileSync(join(home, 'metrics-token'), 'utf8').trim();
    const hidden = { secret, lock, token, ticket: io.ticket, figures };

    const wrong = {
      token: `${token.slice(0, -4)}AAAA`,
      ticket: `${io.ticket.slice(0, -4)}AAAA`,
      secret: `${secret.slice(0, -4)}AAAA`,
      figures: `${figures.slice(0, -4)}AAAA`,
    };
    const scrape = (headers: Readonly<Record<string, string>>): Promise<string> => asked(`${origin}/metrics`, { headers });
    const ioUrl = `http://127.0.0.1:${io.port}`;
    const answers = await Promise.all([
      pairing(JSON.stringify({ secret, installId: INSTALL_ID })),
      pairing(JSON.stringify({ secret: wrong.secret, installId: INSTALL_ID })),
      pairing(`{"secret":"${token}`),
      asked(`${origin}/local/link`, { method: 'POST', headers: { 'X-Starling-Local': wrong.token } }),
      asked(`${origin}/pair`, { method: 'POST', headers: { Origin: 'https://evil.example' }, body: token }),
      asked(`${origin}/nothing`, { headers: { Authorization: `Bearer ${token}` } }),
      scrape({ Authorization: `Bearer ${figures}` }),
      scrape({ Authorization: `Bearer ${wrong.figures}` }),
      scrape({ Authorization: `Bearer ${figures}`, Origin: 'https://evil.example' }),
      scrape({ Authorization: `Basic ${figures}` }),
      asked(`${ioUrl}/control/ping`, { headers: { Origin: origin, Authorization: `Bearer ${figures}` } }),
      knock(`ws://127.0.0.1:${port}/control`, origin, figures),
      asked(`${ioUrl}/stream/1`, { headers: { Origin: origin, Authorization: `Bearer ${wrong.ticket}` } }),
      asked(`${ioUrl}/stream/1`, { headers: { Origin: origin, Authorization: `Bearer ${io.ticket}` } }),
      asked(`${ioUrl}/stream/${'9'.repeat(400)}`, { headers: { Origin: origin, Authorization: `Bearer ${io.ticket}` } }),
      asked(`${ioUrl}/nothing`, { headers: { Origin: 'https://evil.example', Authorization: `Bearer ${io.ticket}` } }),
      knock(`ws://127.0.0.1:${port}/control`, origin, wrong.token),
      knock(`ws://127.0.0.1:${port}/control`, 'https://evil.example', token),
      knock(`ws://127.0.0.1:${io.port}/io`, origin, wrong.ticket),
      knock(`ws://127.0.0.1:${io.port}/io`, 'https://evil.example', io.ticket),
    ]);
    // Both connections that it has go on; the io-daemon is then ended the hard way, and logs what that is like.
    const [child] = childrenOf(host.child.pid!).filter(pid => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('io.mjs'));
    const places = [host.child.pid!, child!].flatMap(pid =>
      ['cmdline', 'environ'].map(file => readFileSync(`/proc/${pid}/${file}`, 'latin1')),
    );
    process.kill(child!, 'SIGABRT');
    const again = await client.welcome(welcome => welcome.io.state === 'RUNNING' && welcome.io.ticket !== io.ticket);
    const next = { ticket: again.io.ticket };
    client.send({ op: ControlOp.IO_START, id: 9 });
    const log = (): string => readFileSync(join(home, 'logs/host.log'), 'utf8');
    await until(() => log().includes('is started again') && log().includes('turned away'), 'the log tells of it');

    const files = readdirSync(home, { recursive: true, encoding: 'utf8' }).filter(name => statSync(join(home, name)).isFile());
    expect(files).toContain('logs/io.log');
    expect(files).toContain('metrics-token');
    for (const name of files)
      if (!['lock.json', 'metrics-token'].includes(name)) places.push(readFileSync(join(home, name), 'latin1'));
    places.push(...answers, host.out(), host.err());
    for (const value of Object.values({
      ...hidden,
      ...next,
      wrongToken: wrong.token,
      wrongTicket: wrong.ticket,
      wrongFigures: wrong.figures,
    })) {
      expect(value.length).toBeGreaterThan(40);
      for (const place of places) expect(place).not.toContain(value);
    }
    // Nor their digests, of which the io-daemon hears one; the host keeps those of tokens, in a file of its own.
    expect(places.filter(place => place.includes('"level"')).join('')).not.toMatch(/[0-9a-f]{32}/);
    expect(answers[0]).toContain(' 410 ');
    expect(answers.filter(answer => answer.includes('AUTH_RESULT') || answer.includes('"ok":false'))).toHaveLength(3);
  },
);

test('whatever the io-daemon says, its log holds neither secrets nor names', async () => {
  const host = await testHost({ ioMode: 'leaky' });
  const client = await control(host, await pair(host));
  const { io, roots } = await client.welcome(welcome => welcome.io.state === 'RUNNING');
  const log = (): string => readFileSync(join(host.home, 'logs/io.log'), 'utf8');
  await until(() => log().includes('admit') && log().includes('ENOENT'), 'it has said everything');
  const hash = createHash('sha256').update(io.ticket).digest('hex');
  expect(host.heard()).toContain(hash);
  expect(host.heard()).toContain(host.downloads);
  for (const hidden of [hash, io.ticket, roots[0]!.token, host.downloads, 'My Film']) expect(log()).not.toContain(hidden);
});
