/** The io-daemon: a child of the host, told what to do in lines on stdin (../wire/child.ts), gone when those end. */
import { createInterface } from 'node:readline';
import type { FromChild, ToChild } from '../wire/child.ts';
import { figuresOf } from './figures.ts';
import { log } from './log.ts';
import { IoServer } from './server.ts';
import { createServices, type Services, settled } from './services.ts';

/** Writes, deletes and moves that were begun may take so long after the end was asked for, ms. */
const STOP_WITHIN = 3_000;
const IDLE_CHECKS = 4;

interface Running {
  readonly services: Services;
  readonly server: IoServer;
}

let running: Running | null = null;
let isStopping = false;

function tell(message: FromChild): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function start({ version, allow, idleMs, verbose, address }: Extract<ToChild, { type: 'start' }>): Promise<void> {
  if (running !== null) throw new Error('started twice');
  if (verbose) log.level = 'debug';
  const services = createServices(version, allow, log, address);
  const { openPorts } = services;
  openPorts.onChange = () => tell({ type: 'ports', tcp: openPorts.of('tcp'), udp: openPorts.of('udp') });
  const server = new IoServer(services);
  running = { services, server };
  const port = await server.listen();
  log.info({ port, version, pid: process.pid, node: process.version }, 'listening');
  tell({ type: 'listening', port });
  watchIdleness(services, server, idleMs);
}

function watchIdleness({ landing }: Services, server: IoServer, idleMs: number): void {
  let idleSince = performance.now();
  setInterval(() => {
    const now = performance.now();
    if (server.isInUse || landing.count > 0) idleSince = now;
    else if (now - idleSince >= idleMs) {
      tell({ type: 'idle' });
      stop('idle');
    }
  }, idleMs / IDLE_CHECKS);
}

function stop(why: string): void {
  if (isStopping) return;
  isStopping = true;
  log.info(why);
  setTimeout(() => process.exit(0), STOP_WITHIN);
  running?.server.close();
  const ended = running === null ? [] : [settled(running.services), running.services.files.settled()];
  void Promise.all(ended).then(() => process.exit(0));
}

async function obey(message: ToChild): Promise<void> {
  if (message.type === 'start') return start(message);
  if (message.type === 'stop') return stop('stopped by the host');
  if (running === null) throw new Error(`${message.type} before start`);
  switch (message.type) {
    case 'admit': {
      const ticketHash = Buffer.from(message.ticketHash, 'hex');
      if (ticketHash.length !== 32) throw new Error('a ticket hash is 32 bytes');
      running.server.admit({ ticketHash, origin: message.origin });
      tell({ type: 'admitted', epoch: message.epoch });
      return;
    }
    case 'dismiss':
      running.server.dismiss();
      return;
    case 'figures':
      tell({ type: 'figures', figures: figuresOf(running.services, running.server.sockets) });
      return;
    case 'roots': {
      log.info({ folders: message.roots.length }, 'download folders are known');
      const { files } = running.services;
      files.setRoots(message.roots);
      const isThere = await Promise.all(message.roots.map(({ path }) => files.trash.isThere(path)));
      tell({ type: 'trash', roots: message.roots.flatMap(({ token }, index) => (isThere[index] === true ? [token] : [])) });
      return;
    }
    default:
      message satisfies never;
  }
}

function failed(error: unknown): void {
  log.fatal({ err: error }, 'failed');
  process.exit(1);
}

process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);
// The host decides when this ends: an interrupt at the terminal reaches both.
process.on('SIGINT', () => undefined);

const lines = createInterface({ input: process.stdin });
lines.on('line', line => {
  Promise.resolve()
    .then(() => obey(JSON.parse(line) as ToChild))
    .catch(failed);
});
lines.on('close', () => stop('the host is gone'));
