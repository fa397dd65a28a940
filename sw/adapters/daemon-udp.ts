/** Datagrams over `/io`: the daemon holds the sockets and looks names up, behind its guard. */
import { IpFamily, NetStatus, Op, type Frame, type FrameOf } from '../../daemon/wire/frames.ts';
import type { Datagrams, DatagramSocket } from '../engine/ports.ts';
import type { Door } from './daemon-door.ts';
import { netProblem } from './daemon-status.ts';

type Received = (host: string, port: number, bytes: Uint8Array) => void;

export class DaemonDatagrams implements Datagrams {
  private readonly door: Door<Frame, Frame>;
  private readonly sockets = new Map<number, Received>();
  private lastUdp = 0;

  constructor(door: Door<Frame, Frame>) {
    this.door = door;
    door.on(Op.UDP_RECV, ({ udp, host, port, bytes }: FrameOf<typeof Op.UDP_RECV>) => this.sockets.get(udp)?.(host, port, bytes));
    door.onClosed(() => this.sockets.clear());
  }

  bind(family: 4 | 6, port: number, bound: (port: number) => void, received: Received): DatagramSocket {
    const udp = ++this.lastUdp;
    const isOpen = () => this.sockets.has(udp);
    this.sockets.set(udp, received);
    this.door.ask(
      id => ({ op: Op.UDP_BIND, id, udp, family: family === 4 ? IpFamily.V4 : IpFamily.V6, port }),
      reply => {
        if (!isOpen()) return;
        const isBound = reply?.op === Op.UDP_BOUND && reply.status === NetStatus.OK;
        if (!isBound) this.sockets.delete(udp);
        bound(isBound ? reply.port : 0);
      },
    );
    return {
      send: (host, to, bytes) => {
        if (isOpen()) this.door.send({ op: Op.UDP_SEND, id: 0, udp, port: to, host, bytes });
      },
      join: group => {
        if (isOpen()) this.door.send({ op: Op.UDP_JOIN, id: 0, udp, group });
      },
      utp: on => {
        if (isOpen()) this.door.send({ op: Op.UDP_UTP, id: 0, udp, on });
      },
      close: () => {
        if (this.sockets.delete(udp)) this.door.send({ op: Op.UDP_CLOSE, id: 0, udp });
      },
    };
  }

  lookup(host: string, port: number, done: (problem: string, addresses: readonly string[]) => void): void {
    this.door.ask(
      id => ({ op: Op.RESOLVE, id, host, port }),
      reply => {
        if (reply?.op === Op.RESOLVED) done(netProblem(reply.status, reply.detail), reply.addresses);
        else done(reply?.op === Op.ERROR ? reply.text : 'The daemon is away.', []);
      },
    );
  }
}
