/** Readers over `/io`: who asks the io-daemon for a file by `/stream` is told of here, and waits for what is said here. */
import { Op, type Frame } from '../../daemon/wire/frames.ts';
import type { Readers } from '../engine/ports.ts';
import type { Door } from './daemon-door.ts';

export class DaemonReaders implements Readers {
  private readonly door: Door<Frame, Frame>;

  constructor(door: Door<Frame, Frame>) {
    this.door = door;
  }

  hear(wanted: (stream: number, file: number, offset: number, length: number) => void): void {
    this.door.on(Op.STREAM_WANT, ({ stream, file, offset, length }) => wanted(stream, file, offset, length));
  }

  readable(stream: number, offset: number, length: number): void {
    this.door.send({ op: Op.STREAM_HAVE, id: 0, stream, offset, length });
  }
}
