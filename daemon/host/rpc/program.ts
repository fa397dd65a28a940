/** `starling rpc`: the engine, its host and its io-daemon, spoken to over JSON-RPC on stdin and stdout, without a browser. */
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { type NodeEngine, startEngine } from '../away/engine.ts';
import { StartError } from '../errors.ts';
import { type Host, startHost } from '../main.ts';
import { VERSION } from '../version.ts';
import { RpcConnection } from './connection.ts';
import { EngineClient, Refused } from './engine-client.ts';
import { refusal, RpcCode, RpcError } from './json-rpc.ts';
import { callOn } from './methods.ts';
import { Notices } from './notices.ts';

export interface RpcOptions {
  readonly home: string;
  /** As in {@link startHost}. */
  readonly downloadDir: string | null;
  /** Where peers reach us; null: at every address of this computer, on a port of BitTorrent's. */
  readonly listen: Listen | null;
  /** The folder of the built programs. */
  readonly folder: string;
  readonly input: Readable;
  readonly output: Writable;
  /** For people. */
  readonly say: (text: string) => void;
}

export interface Listen {
  /** An IP literal; empty for all addresses. */
  readonly address: string;
  /** 0: any. */
  readonly port: number;
}

/** Until the engine is there. */
const READY_MS = 30_000;
/** How long requests are still answered where nothing could be started. */
const REFUSING_MS = 500;
/** How long an answer waits for what it tells of to be recorded: a disk that hangs is to keep nobody from asking, or ending. */
const RECORDING_MS = 2_000;
/** How long the last answers may wait to be taken once all else has ended. */
const TAKING_MS = 2_000;

/** Runs until it is told to end, or nobody is there to talk to; the process then ends with its last answers. @throws {StartError} */
export async function runRpc(options: RpcOptions): Promise<void> {
  try {
    await run(options);
  } finally {
    // What nobody takes keeps the process, which nothing else does.
    setTimeout(() => process.exit(), TAKING_MS).unref();
  }
}

async function run(options: RpcOptions): Promise<void> {
  let running: Running;
  try {
    running = await start(options);
  } catch (error) {
    if (error instanceof StartError) await refuse(options, error);
    throw error;
  }
  await serve(options, running);
}

interface Running {
  readonly host: Host;
  readonly engine: NodeEngine;
  stop(): Promise<void>;
}

async function start({ home, downloadDir, listen, folder, say }: RpcOptions): Promise<Running> {
  const host = await startHost({
    home,
    downloadDir,
    port: null,
    verbose: false,
    webFolder: null,
    ioProgram: [join(folder, 'io.mjs')],
    address: listen?.address ?? '',
    say,
  });
  if ('running' in host) {
    throw new StartError(
      `A Starling runs with the home folder ${home} already (process ${host.running.pid}). End it, or give another folder with --home.`,
    );
  }
  const engine = startEngine({
    origin: host.origin,
    version: VERSION,
    pairing: host.ownPairing,
    log(level, text) {
      if (level === 'error') say(text);
    },
    ...(listen === null ? {} : { listenPorts: [listen.port] }),
  });
  const stop = async (): Promise<void> => {
    await engine.close();
    await host.stop();
  };
  try {
    await ready(engine, listen);
  } catch (error) {
    await stop();
    throw error;
  }
  return { host, engine, stop };
}

/** Until the engine has read what was kept, reaches the io-daemon, and peers reach it. */
async function ready({ torrents }: NodeEngine, listen: Listen | null): Promise<void> {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const { state, gaveUp } = torrents.connection();
    if (state === 'connected' && torrents.listenPort !== null) break;
    if (gaveUp || performance.now() > deadline) {
      throw new StartError('The io-daemon of Starling does not start. What it says of it is in the folder logs of its home.');
    }
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  if (listen !== null && torrents.listenPort === 0) {
    const where = listen.address === '' ? `Port ${listen.port}` : `Port ${listen.port} of ${listen.address}`;
    throw new StartError(
      `${where} cannot be listened on: another program has it, or the address is none of this computer. Give another with --listen.`,
    );
  }
}

async function serve({ input, output }: RpcOptions, { host, engine, stop }: Running): Promise<void> {
  const { torrents, link } = engine;
  const notices = new Notices({
    notify: (...told) => connection.notify(...told),
    detail: id => torrents.detail(id),
  });
  let hasGivenUp = false;
  const client = new EngineClient(engine.server, {
    changed(rows, removed) {
      notices.removed(removed);
      notices.look(rows);
    },
    connection({ gaveUp }) {
      if (!gaveUp) return;
      hasGivenUp = true;
      connection.stop();
    },
  });
  const connection: RpcConnection = new RpcConnection(
    input,
    output,
    callOn({
      async run(command) {
        const added = await client.run(command);
        await Promise.race([engine.state.settled(), passed(RECORDING_MS)]);
        return added;
      },
      rows: () => torrents.rows(),
      detail: id => torrents.detail(id),
      settings() {
        const settings = torrents.settings();
        if (settings === null) throw new Refused('daemon-away', 'The engine is not there just now.');
        return settings;
      },
      root: () => link.roots.find(({ isDefault }) => isDefault)?.token ?? '',
      triedAgain: id => notices.triedAgain(id),
      shutdown: () => connection.stop(),
    }),
  );
  notices.begin(torrents.rows());
  const forget = onSignal(() => connection.stop(), host);
  void host.asked.then(() => connection.stop());
  await connection.serve();
  client.close();
  await stop();
  forget();
  if (hasGivenUp) {
    throw new StartError(
      'The io-daemon of Starling ended five times within a minute. What it says of it is in the folder logs of its home.',
    );
  }
}

function passed(ms: number): Promise<void> {
  return new Promise(resolve => void setTimeout(resolve, ms).unref());
}

/** The first asks for the end in order, the second ends it at once; gives what takes this back. */
function onSignal(end: () => void, host: Host): () => void {
  let isEnding = false;
  const heard = (): void => {
    if (isEnding) {
      host.kill();
      process.exit(1);
    }
    isEnding = true;
    end();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, heard);
  return () => {
    for (const signal of signals) process.off(signal, heard);
  };
}

/** Says at once that nothing was started, and to each request that is there, or comes before long, the same. */
async function refuse({ input, output }: RpcOptions, { message }: StartError): Promise<void> {
  const error = new RpcError(RpcCode.REFUSED, message, {
    hint: 'Do what the message says, then start this program again.',
    reason: 'not-started',
  });
  output.write(`${refusal(error)}\n`);
  const connection = new RpcConnection(input, output, () => Promise.reject(error));
  const late = setTimeout(() => connection.stop(), REFUSING_MS);
  await connection.serve();
  clearTimeout(late);
}
