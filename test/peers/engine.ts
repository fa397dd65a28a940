/** The engine with its adapters in this process, and a real host and io-daemon under it, without a browser. */
import { PlatformClock, platformRandom } from '../../sw/adapters/platform.ts';
import { DaemonHost } from '../../sw/adapters/daemon-host.ts';
import { DaemonHttp } from '../../sw/adapters/daemon-http.ts';
import { DaemonWeb } from '../../sw/adapters/daemon-web.ts';
import { DaemonNet } from '../../sw/adapters/daemon-net.ts';
import { DaemonPortMapper } from '../../sw/adapters/daemon-ports.ts';
import { DaemonReaders } from '../../sw/adapters/daemon-readers.ts';
import { DaemonState } from '../../sw/adapters/daemon-state.ts';
import { DaemonStore } from '../../sw/adapters/daemon-store.ts';
import { LentRtc } from '../../sw/adapters/rtc-net.ts';
import { DaemonDatagrams } from '../../sw/adapters/daemon-udp.ts';
import type { Datagrams } from '../../sw/engine/ports.ts';
import { Session } from '../../sw/engine/index.ts';
import { type Daemon, type DaemonOptions, pairedToken, RealLink, startDaemon } from '../adapters/daemon.ts';
import { nodeSockets } from './sockets.ts';

const INSTALL = 'install-peers';

export class RealEngine {
  /** Where uTP and the DHT are spoken over IPv4; 0 until it is open. */
  udpPort = 0;
  readonly session: Session;
  readonly daemon: Daemon;
  readonly log: string[] = [];
  readonly #real: RealLink;
  #host: DaemonHost | null = null;
  readonly #clock = new PlatformClock();

  private constructor(daemon: Daemon, real: RealLink) {
    this.daemon = daemon;
    this.#real = real;
    const { link } = real;
    const net = new DaemonNet(link.io, () => undefined);
    this.session = new Session(
      {
        clock: this.#clock,
        random: platformRandom,
        net,
        rtc: new LentRtc().port(net),
        datagrams: this.#heard(new DaemonDatagrams(link.io)),
        sockets: nodeSockets,
        store: new DaemonStore(link.io),
        readers: new DaemonReaders(link.io),
        http: new DaemonHttp(link.io),
        web: new DaemonWeb(link.io),
        portMapper: new DaemonPortMapper(link.control),
        state: new DaemonState(link.control, () => link.epoch),
        log: (level, text) => this.log.push(`${level} ${text}`),
      },
      { version: '0.0.0' },
    );
    // What lies on another disk than the tests' own trash would stay in that of the disk.
    real.onChange = () => this.session.roots.tell(link.roots.map(root => ({ ...root, trash: false })));
    real.onChange();
    this.session.attach(real.kept);
  }

  /** `io` is the folder of a built io-daemon; 127.0.0.0/8 may be reached, or what `allow` says. */
  static async start(io: string, options: DaemonOptions = {}): Promise<RealEngine> {
    return RealEngine.on(await startDaemon(io, options));
  }

  /** On one that runs; it is closed with the engine. */
  static async on(daemon: Daemon): Promise<RealEngine> {
    const real = new RealLink(daemon);
    real.link.pair({ token: await pairedToken(daemon, INSTALL), installId: INSTALL, port: daemon.host.port });
    await real.until('linked');
    return new RealEngine(daemon, real);
  }

  /** Takes in a .torrent and starts it in the default root. */
  download(torrent: Uint8Array): string {
    const { id } = this.session.add({ kind: 'file', bytes: torrent });
    this.start(id);
    return id;
  }

  /** Starts in the default root what was taken in. */
  start(id: string): void {
    this.session.start(id, null, this.#real.root);
  }

  /** What its host is asked about itself. */
  get host(): DaemonHost {
    return (this.#host ??= new DaemonHost(this.#real.link.control));
  }

  /** The tokens of all roots, the default one first. */
  get roots(): readonly string[] {
    const { roots } = this.#real.link;
    return [...roots].sort((a, b) => Number(b.isDefault) - Number(a.isDefault)).map(({ token }) => token);
  }

  /** Where its io-daemon answers plain requests, and with what. */
  get door(): { readonly port: number; readonly ticket: string } {
    const { door } = this.#real.link;
    if (door === null) throw new Error('not linked');
    return door;
  }

  /** The same sockets; the port of the first for IPv4 is told by {@link udpPort}. */
  #heard(datagrams: DaemonDatagrams): Datagrams {
    const bind: Datagrams['bind'] = (family, port, bound, received) => {
      const told = (taken: number): void => {
        // The other one is local discovery's.
        if (family === 4 && port !== 6771) this.udpPort ||= taken;
        bound(taken);
      };
      return datagrams.bind(family, port, told, received);
    };
    return { bind, lookup: (...asked) => datagrams.lookup(...asked) };
  }

  state(id: string): string {
    return this.session.rows().find(row => row.id === id)?.state ?? 'absent';
  }

  async stop(): Promise<void> {
    this.session.detach();
    this.#clock.stop();
    this.#real.link.close();
    await this.daemon.close();
  }
}
