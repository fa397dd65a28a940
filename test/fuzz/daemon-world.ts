/** What an io-daemon under fuzzing may reach: peers, trackers and nodes that say anything, and a root with things not to touch beside it. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { link, lstat, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type Server as HttpServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What stands beside the root, where links in it lead to. */
const SECRET = 'not to be touched';
const BLOCK = 16_384;

export type Random = () => number;

export class World {
  readonly root: string;
  readonly #dir: string;
  readonly #random: Random;
  readonly #tcp: Server;
  readonly #http: HttpServer;
  readonly #udp: UdpSocket;
  readonly #sockets = new Set<Socket>();

  private constructor(dir: string, random: Random) {
    this.#dir = dir;
    this.root = join(dir, 'root');
    this.#random = random;
    this.#tcp = createServer({ allowHalfOpen: true }, socket => this.#peer(socket));
    this.#http = createHttpServer((request, response) => this.#answer(request.headers.range, response));
    this.#udp = createSocket('udp4');
    this.#udp.on('message', (bytes, { address, port }) => {
      if (this.#below(4) > 0) this.#udp.send(this.#below(2) > 0 ? bytes : this.#noise(64), port, address, () => undefined);
    });
    this.#udp.on('error', () => undefined);
  }

  static async make(random: Random): Promise<World> {
    const world = new World(await realpath(await mkdtemp(join(tmpdir(), 'starling-fuzz-'))), random);
    await mkdir(world.root);
    await mkdir(join(world.#dir, 'beside'));
    await writeFile(join(world.#dir, 'beside', 'secret'), SECRET);
    await symlink('../beside', join(world.root, 'link'));
    await symlink('../beside/secret', join(world.root, 'leaf'));
    await link(join(world.#dir, 'beside', 'secret'), join(world.root, 'hard'));
    await new Promise<void>(resolve => world.#tcp.listen(0, '127.0.0.1', resolve));
    await new Promise<void>(resolve => world.#http.listen(0, '127.0.0.1', resolve));
    await new Promise<void>(resolve => world.#udp.bind(0, '127.0.0.1', resolve));
    return world;
  }

  get tcpPort(): number {
    return (this.#tcp.address() as AddressInfo).port;
  }

  get httpPort(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  get udpPort(): number {
    return this.#udp.address().port;
  }

  /** Comes to a port of the daemon as a peer would, or as nobody should. */
  visit(port: number): void {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('connect', () => this.#peer(socket));
    socket.on('error', () => socket.destroy());
  }

  throwAt(udpPort: number): void {
    // Half of it looks like uTP: version 1, types 0 to 4.
    const bytes = this.#noise(100);
    if (this.#below(2) > 0 && bytes.length >= 20) bytes.set([(this.#below(5) << 4) | 1, 0]);
    this.#udp.send(bytes, udpPort, '127.0.0.1', () => undefined);
  }

  /** What is not as it was outside of the root; empty where all is. */
  async damage(): Promise<string> {
    const names = (await readdir(this.#dir)).sort().join();
    const beside = (await readdir(join(this.#dir, 'beside'))).join();
    if (names !== 'beside,root' || beside !== 'secret') return `outside of the root there are ${names} and ${beside}`;
    const secret = join(this.#dir, 'beside', 'secret');
    if ((await readFile(secret, 'utf8')) !== SECRET) return 'a file outside of the root was written to';
    return (await lstat(secret)).isFile() ? '' : 'a file outside of the root was replaced';
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#tcp.close();
    this.#http.close();
    this.#http.closeAllConnections();
    this.#udp.close();
    await rm(this.#dir, { recursive: true, force: true });
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #noise(longest: number): Buffer {
    return Buffer.from(Array.from({ length: this.#below(longest + 1) }, () => this.#below(256)));
  }

  /** Says something, maybe what a rule waits for, again when it hears something, and goes in one way or another. */
  #peer(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    const say = () => {
      if (socket.destroyed || socket.writableLength > 1 << 20) return;
      const deeds = [
        () => socket.write(this.#noise(200)),
        () => socket.write(this.#frame()),
        () => socket.write(Buffer.concat(Array.from({ length: 8 }, () => this.#frame()))),
        () => socket.write(this.#frame().subarray(0, 1 + this.#below(3000))),
        () => socket.write(Buffer.from('ffffffff07', 'hex')),
        () => socket.end(),
        () => socket.resetAndDestroy(),
        () => socket.pause(),
      ];
      // Most go on: a connection that ends at once is soon known.
      deeds[this.#below(100) < 90 ? this.#below(4) : this.#below(deeds.length)]?.();
    };
    socket.on('data', say);
    say();
  }

  /** A block of a piece, as rules have them here: 7, one of six pieces, one of 16 offsets. */
  #frame(): Buffer {
    const frame = Buffer.alloc(4 + 9 + BLOCK);
    frame.writeUInt32BE(frame.length - 4);
    frame[4] = 7;
    frame.writeUInt32BE(1 + this.#below(6), 5);
    frame.writeUInt32BE(this.#below(16) * BLOCK, 9);
    return frame;
  }

  #answer(range: string | undefined, response: ServerResponse): void {
    const [, from = 0, to = 0] = /^bytes=(\d+)-(\d+)$/.exec(range ?? '')?.map(Number) ?? [];
    const body = Buffer.alloc(Math.min(Math.max(to - from + 1, 1), 1 << 20));
    const answers = [
      () => response.writeHead(206, { 'content-range': `bytes ${from}-${to}/*` }).end(body),
      () => response.writeHead(206, { 'content-range': `bytes ${from}-${to}/*` }).end(body.subarray(1)),
      () => response.writeHead(206, { 'content-range': 'bytes 5-1/-1' }).end(this.#noise(100)),
      () => response.writeHead(200).end(body),
      () => response.writeHead(200, { 'content-length': '99999999' }).write(body),
      () => response.writeHead(302, { location: `http://127.0.0.1:${this.httpPort}/again` }).end(),
      () => response.writeHead(301, { location: this.#noise(20).toString('base64') }).end(),
      () => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      () => response.writeHead(503, { 'retry-after': this.#noise(8).toString('hex') }).end('7'),
      () => response.writeHead(200, { 'content-encoding': 'gzip' }).end(body),
      () => response.socket?.end('HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'),
      () => response.socket?.resetAndDestroy(),
    ];
    answers[this.#below(answers.length)]?.();
  }
}
