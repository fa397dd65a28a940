/** The host, put together: one a home, on its own port, until it is stopped. */
import type { Socket } from 'node:net';
import { join } from 'node:path';
import * as v from 'valibot';
import type { ToChild } from '../wire/child.ts';
import { HOST_PORTS } from '../wire/control.ts';
import { type Approver, firstOf } from './pairing/approval/approver.ts';
import { ApprovalPage } from './pairing/approval/page.ts';
import { loadAssets } from './http/assets.ts';
import { Redirects } from './screen/browser.ts';
import { readConfig } from './store/config.ts';
import { AwayKeeper } from './away/keeper.ts';
import { ControlServer } from './control/control.ts';
import { hasCode, makePrivateFolder } from './store/durable.ts';
import { type Complain, jsonOf, KeptFile } from './store/kept-file.ts';
import { Epochs } from './store/epochs.ts';
import { reasonOf, refusedPath, StartError } from './errors.ts';
import { Handoffs } from './http/handoffs.ts';
import { makeServer } from './http/http.ts';
import { IdleExit } from './process/idle-exit.ts';
import { type LeaseClock, systemLeaseClock } from './control/lease-keeper.ts';
import type { Pairing as EnginePairing } from '../../sw/standing.ts';
import { localDoor } from './http/local-door.ts';
import { acquire, type Lock } from './process/lock.ts';
import type { Holder } from './process/lock-file.ts';
import { openLogs } from './logs/log.ts';
import { Metrics, metricsToken } from './http/metrics.ts';
import { Notifier, runCommand } from './screen/notifier.ts';
import { PairRequests } from './pairing/pair-requests.ts';
import { AWAY_INSTALL, OWN_INSTALL } from './control/own-clients.ts';
import { OwnFiles } from './folders/own-files.ts';
import { Pairing } from './pairing/pairing.ts';
import { RouterPorts, systemClock, systemMappers } from './portmap/router-ports.ts';
import { listen, takePort } from './process/ports.ts';
import { originOf } from './http/request-guard.ts';
import { Roots } from './folders/roots.ts';
import { Settings } from './store/settings.ts';
import { StateStore } from './store/state.ts';
import { WaitingStore } from './store/waiting.ts';
import { statusOf } from './http/status.ts';
import { Supervisor } from './process/supervisor.ts';
import { randomSecret, Tokens } from './pairing/tokens.ts';
import { takeByHandoff } from './folders/take-torrent.ts';
import { TorrentWatch } from './folders/torrent-watch.ts';
import { VERSION } from './version.ts';

export interface HostOptions {
  /** Where the host keeps its state; made if it isn't there. */
  readonly home: string;
  /** Null: the kept one, or on the first start the first free one of the list. 0: the kept one, else any. */
  readonly port: number | null;
  /** Null: the one of earlier starts, or on the first start the person's downloads folder. */
  readonly downloadDir: string | null;
  readonly verbose: boolean;
  /** The one address of this machine that is used for peers, trackers and the DHT, an IP literal; else all of them. */
  readonly address?: string;
  /** The folder of the built app. Null: there is none; `port` is then left aside for any that is free, which is not kept. */
  readonly webFolder: string | null;
  /** The io-daemon's program and its arguments. */
  readonly ioProgram: readonly string[];
  /** How a person is asked whether an app may be paired, the way to be tried first at the top. Without any nobody is asked. */
  readonly approvers?: (page: ApprovalPage) => readonly Approver[];
  /** The program of the engine that goes on while no app runs one; none where it is not given. */
  readonly awayProgram?: string;
  /** Says something to the person at the terminal. */
  readonly say: (text: string) => void;
  /** That of the lease, where it is another than the system's. */
  readonly clock?: LeaseClock;
}

export interface Host {
  readonly origin: string;
  readonly port: number;
  /** The port that a first start would rather have had; null where nothing was in the way. */
  readonly movedFrom: number | null;
  readonly downloadDir: string;
  /** Why nothing can be downloaded there at the start, for people; empty where all is well. */
  readonly downloadProblem: string;
  /** A new pairing link: the name of a file, for two minutes, that leads a browser there; `isOpening`: one is about to be opened. */
  newLink(isOpening?: boolean): Promise<string>;
  /** What lets an engine of this process in where there is no app; it stands nowhere else. */
  readonly ownPairing: EnginePairing;
  /** Resolves when the app asks for the end; whoever started the host then stops it. */
  readonly asked: Promise<void>;
  /** Ends everything in order. */
  stop(): Promise<void>;
  /** Ends what can be ended this instant. */
  kill(): void;
}

const [preferred = 0] = HOST_PORTS;
const kept = v.object({ port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)) });

/** Starts a host, or gives the one that runs on this home already. @throws {StartError} */
export async function startHost(options: HostOptions): Promise<Host | { readonly running: Holder }> {
  try {
    makePrivateFolder(options.home);
    const lock = await acquire(options.home, options.webFolder === null);
    if (!('release' in lock)) return { running: lock };
    try {
      return await start(options, lock);
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (error) {
    // What a write to an open file fails with names no path.
    const why = hasCode(error, 'ENOSPC', 'EDQUOT', 'EIO') ? reasonOf(error) : refusedPath(error);
    if (why === null) throw error;
    const what = 'Settle that, or give another folder with --home. Nothing in it is lost.';
    throw new StartError(`Starling cannot use its home folder ${options.home}: ${why}. ${what}`, { cause: error });
  }
}

async function start(options: HostOptions, lock: Lock): Promise<Host> {
  const { home, say } = options;
  const complaints: string[] = [];
  const complain: Complain = text => complaints.push(text);
  const [config, tokens, epochs, roots, portFile, forMetrics] = await Promise.all([
    readConfig(home),
    Tokens.open(home, Date.now, complain),
    Epochs.open(home, complain),
    Roots.open(home, options.downloadDir, complain),
    openPort(home, complain),
    metricsToken(home),
  ]);
  const logs = openLogs(home, options.verbose ? line => process.stderr.write(`${line}\n`) : null);
  const log = logs.host;
  const settings = await Settings.open(home, log);
  const own = await OwnFiles.open(home, log);
  const state = new StateStore(join(home, 'state'), text => log('warn', text));
  const keptPort = portFile.value;
  const redirects = new Redirects(home);
  const pairing = new Pairing(tokens, () => performance.now());
  let port = 0;
  const approval = new ApprovalPage({ redirects, origin: () => originOf(port) });
  const requests = new PairRequests({
    async issue({ origin, installId, name }) {
      const token = await tokens.issue(origin, installId, name);
      log('info', 'an app was paired');
      control.paired.tell();
      return token;
    },
    approve: firstOf(options.approvers?.(approval) ?? []),
    now: () => performance.now(),
    after: systemClock.after,
  });

  const folders = (): ToChild => ({ type: 'roots', roots: roots.paths });
  const supervisor: Supervisor = new Supervisor({
    program: options.ioProgram,
    greeting: () => [
      {
        type: 'start',
        version: VERSION,
        allow: config.allow,
        idleMs: config.idleMs,
        verbose: options.verbose,
        address: options.address ?? '',
      },
      folders(),
    ],
    events: {
      changed: () => control.ioChanged(),
      admitted: epoch => control.ioAdmitted(epoch),
      notice(text) {
        say(text);
        control.notice(text);
      },
      trash: tokens => {
        roots.trashable = new Set(tokens);
        control.rootsChanged();
      },
      ports: open => ports.opened(open),
      log,
      childLog: bytes => logs.io(bytes),
    },
  });
  roots.onPaths = () => supervisor.send(folders());
  // A router passes on to the address that it is asked from, which may be another than the one that is used.
  const mappers = config.portMapping && !options.address ? systemMappers(roots.secret, () => control.portsChanged(), log) : null;
  const ports = new RouterPorts(mappers, systemClock.after);
  const isHeadless = options.webFolder === null;
  const ownToken = isHeadless ? randomSecret() : '';
  const handoffs = new Handoffs(
    () => performance.now(),
    () => control.wake(),
    new WaitingStore(home, log),
  );
  const notifier = new Notifier({
    platform: process.platform,
    isWanted: () => settings.value.notify,
    run: runCommand,
    after: systemClock.after,
    log,
  });
  const { awayProgram: program, verbose: isVerbose } = options;
  const away =
    program === undefined
      ? null
      : new AwayKeeper({
          program,
          data: token => ({ token, installId: AWAY_INSTALL, port, origin: originOf(port), version: VERSION, isVerbose }),
          happened: news => notifier.happened(news),
          notice: text => {
            say(text);
            control.notice(text);
          },
          log,
        });
  const control: ControlServer = new ControlServer({
    tokens,
    epochs,
    roots,
    settings,
    state,
    supervisor,
    ports,
    handoffs,
    origin: () => originOf(port),
    clock: options.clock ?? systemLeaseClock,
    away,
    ownToken,
    used: () => idleExit.used(),
    log,
  });
  const torrentWatch = new TorrentWatch({
    watched: () => settings.value.watched,
    placeOf: root => roots.placeOf(root),
    ...takeByHandoff(handoffs),
    own,
    notice: text => control.notice(text),
    log,
  });
  let shutdown = (): void => undefined;
  const asked = new Promise<void>(resolve => (shutdown = resolve));
  const idleExit: IdleExit = new IdleExit({
    after: () => settings.value.exitAfter,
    isNeeded: () => control.isNeeded || handoffs.areExpected || settings.value.watched.length > 0,
    end() {
      log('info', 'nothing and nobody needs the host');
      shutdown();
    },
    clock: { now: () => performance.now(), after: systemClock.after },
  });
  const newLink = (isOpening = false): Promise<string> => {
    const secret = pairing.newLink();
    return redirects.write(`${originOf(port)}/#pair=${secret}`, secret, isOpening);
  };
  const refused = (why: string): void => log('warn', 'a request was refused', { why });
  const server = makeServer({
    assets: options.webFolder === null ? new Map() : loadAssets(options.webFolder),
    pairing,
    requests,
    approval,
    tokens,
    port: () => port,
    local: localDoor({
      secret: lock.secret,
      handoffs,
      apps: tokens,
      unpair: id => control.paired.unpair(id),
      origin: () => originOf(port),
      newLink,
      shutdown() {
        log('info', 'a program asks for the end');
        shutdown();
      },
      refused,
      async status() {
        idleExit.visited();
        return { version: VERSION, ...(await statusOf(control)) };
      },
    }),
    metrics: new Metrics(forMetrics, { supervisor, control, version: VERSION }),
    paired(secret) {
      redirects.remove(secret);
      log('info', 'an app was paired');
      control.paired.tell();
    },
    refused,
    shutdown() {
      log('info', 'the app asks for the end');
      shutdown();
    },
    upgrade: (request, socket, head) => control.upgrade(request, socket, head),
  });

  // The server itself forgets those that were upgraded.
  const sockets = new Set<Socket>();
  server.on('connection', socket => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });

  // Without an app no window comes to them.
  if (!isHeadless) await handoffs.load();
  port = isHeadless ? ((await listen(server, 0)) ?? 0) : await takePort(server, { asked: options.port, kept: keptPort });
  try {
    if (port !== keptPort && !isHeadless) await portFile.write(() => JSON.stringify({ port }));
    await lock.listening(port);
  } catch (error) {
    server.close();
    throw error;
  }
  const { version: node, platform, arch } = process;
  control.begin();
  handoffs.begin();
  for (const text of complaints) {
    log('warn', text);
    say(text);
    control.notice(text);
  }
  log('info', 'host listens', { version: VERSION, port, pid: process.pid, node, platform, arch });
  idleExit.begin();

  return {
    origin: originOf(port),
    port,
    movedFrom: options.port === null && keptPort === null && port !== preferred ? preferred : null,
    downloadDir: roots.defaultPath,
    downloadProblem: roots.list.find(({ isDefault }) => isDefault)?.problem ?? '',
    newLink,
    ownPairing: { token: ownToken, installId: OWN_INSTALL, port },
    asked,
    async stop() {
      log('info', 'host stops');
      requests.stop();
      redirects.removeAll();
      await away?.finish();
      idleExit.stop();
      control.stop();
      torrentWatch.stop();
      notifier.stop();
      const closed = new Promise<void>(resolve => server.close(() => resolve()));
      await Promise.all([ports.stop(), supervisor.stop(), state.settled(), tokens.settled(), own.settled(), handoffs.stop()]);
      for (const socket of sockets) socket.destroy();
      await closed;
      await lock.release();
      logs.close();
    },
    kill: () => supervisor.kill(),
  };
}

async function openPort(home: string, complain: Complain): Promise<KeptFile<number>> {
  const file = await KeptFile.open({
    path: join(home, 'host.json'),
    parse: jsonOf(value => {
      const parsed = v.safeParse(kept, value);
      return parsed.success ? parsed.output.port : null;
    }),
    what: 'The note of the port that the app stands on',
    complain,
  });
  if (file.condition === 'lost')
    complain('The port is chosen anew. If the app was on another, start Starling once with --port and that one.');
  return file;
}
