import { isIP } from 'node:net';
import { packPeer } from '../../sw/engine/codec/address.ts';
import type { DatagramSocket } from '../../sw/engine/ports.ts';
import { seeded } from './clock.ts';
import { SimDatagrams } from './datagrams.ts';
import type { SimInternet } from './internet.ts';

interface Peer {
  readonly host: string;
  readonly port: number;
}

/** A UDP tracker on the simulated internet, written from BEP 15 alone: it gives everyone the peers that announced before over the same family. */
export class SimUdpTracker {
  readonly events: string[] = [];
  private readonly peers = new Map<string, Map<string, Peer>>();
  private readonly connections = new Set<string>();
  private readonly random = seeded(77);
  private readonly line: SimDatagrams;
  private sockets: DatagramSocket[] = [];

  constructor(
    readonly internet: SimInternet,
    readonly host: string,
    readonly port: number,
    loss = 0,
    host6 = '',
  ) {
    this.line = new SimDatagrams(internet, host, { latency: 20, loss }, this.random, host6);
    this.start();
  }

  /** Somebody has announced there, over whatever way. */
  know(infoHash: string, host: string, port: number): void {
    const known = this.peers.get(infoHash) ?? new Map<string, Peer>();
    this.peers.set(infoHash, known.set(host, { host, port }));
  }

  start(): void {
    const received = (host: string, port: number, bytes: Uint8Array): void => this.received(host, port, Buffer.from(bytes));
    this.sockets = ([4, 6] as const).map(family => this.line.bind(family, this.port, () => undefined, received));
  }

  /** Goes away and forgets whom it knew. */
  stop(): void {
    for (const socket of this.sockets) socket.close();
    this.peers.clear();
    this.connections.clear();
  }

  /** By the socket of its family; the other one drops it. */
  private send(host: string, port: number, bytes: Uint8Array): void {
    for (const socket of this.sockets) socket.send(host, port, bytes);
  }

  private received(host: string, port: number, bytes: Buffer): void {
    const reply = (...values: number[]): Buffer => {
      const head = Buffer.alloc(values.length * 4);
      values.forEach((value, index) => head.writeUInt32BE(value, index * 4));
      return head;
    };
    if (bytes.length < 16) return;
    const [action, transaction] = [bytes.readUInt32BE(8), bytes.readUInt32BE(12)];
    const connection = bytes.subarray(0, 8).toString('hex');
    if (action === 0 && connection === '0000041727101980') {
      const id = reply(Math.floor(this.random() * 2 ** 32), Math.floor(this.random() * 2 ** 32));
      this.connections.add(`${host} ${id.toString('hex')}`);
      this.send(host, port, Buffer.concat([reply(0, transaction), id]));
      return;
    }
    if (action === 2 && bytes.length === 36 && this.connections.has(`${host} ${connection}`)) {
      const count = this.peers.get(bytes.subarray(16).toString('hex'))?.size ?? 0;
      this.send(host, port, reply(2, transaction, 0, 0, count));
      return;
    }
    if (action !== 1 || bytes.length < 98 || !this.connections.has(`${host} ${connection}`)) return;
    const hash = bytes.subarray(16, 36).toString('hex');
    const event = bytes.readUInt32BE(80);
    this.events.push(`${host} ${['none', 'completed', 'started', 'stopped'][event] ?? '?'}`);
    if (event === 3) this.peers.get(hash)?.delete(host);
    else this.know(hash, host, bytes.readUInt16BE(96));
    const others = [...(this.peers.get(hash)?.values() ?? [])].filter(
      peer => peer.host !== host && isIP(peer.host) === isIP(host),
    );
    const packed = others.map(peer => packPeer(peer.host, peer.port) ?? Buffer.alloc(0));
    this.send(host, port, Buffer.concat([reply(1, transaction, 1800, others.length, 0), ...packed]));
  }
}
