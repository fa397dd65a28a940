/** PortMapper over `/control`: the host asks the router, for the engine that is connected to it. */
import { ControlOp, type ControlFrame } from '../../daemon/wire/control.ts';
import type { Frame } from '../../daemon/wire/frames.ts';
import type { PortMappings, PortWish } from '../engine/events.ts';
import type { PortMapper } from '../engine/ports.ts';
import type { Door } from './daemon-door.ts';

export class DaemonPortMapper implements PortMapper {
  private readonly door: Door<ControlFrame | Frame, ControlFrame>;
  private told: (state: PortMappings) => void = () => undefined;

  constructor(door: Door<ControlFrame | Frame, ControlFrame>) {
    this.door = door;
    door.on(ControlOp.PORTS_MAPPED, ({ ports }) => this.told(ports));
    door.onClosed(() => (this.told = () => undefined));
  }

  map(wishes: readonly PortWish[], told: (state: PortMappings) => void): void {
    this.told = told;
    this.door.ask(
      id => ({ op: ControlOp.PORTS_MAP, id, wishes }),
      reply => {
        if (reply?.op === ControlOp.PORTS_MAPPED && this.told === told) told(reply.ports);
      },
    );
  }
}
