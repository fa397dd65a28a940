/** The host's log: JSON lines in the home, for whoever looks into a fault. It never holds a token, ticket or secret. */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type DestinationStream, type Logger, multistream, pino } from 'pino';
import { hasCode, makePrivateFolder, PRIVATE_FILE } from './durable.ts';

const MAX_FILE_BYTES = 4 << 20;
const KEPT_FILES = 3;

/** A file that is put aside as `.1`, `.2` … when it has grown to its limit. */
export class RotatingFile implements DestinationStream {
  private readonly path: string;
  private readonly maxBytes: number;
  private fd: number;
  private size: number;

  constructor(path: string, maxBytes: number = MAX_FILE_BYTES) {
    this.path = path;
    this.maxBytes = maxBytes;
    this.fd = openSync(path, 'a', PRIVATE_FILE);
    this.size = fstatSync(this.fd).size;
  }

  write(line: string | Uint8Array): void {
    const bytes = Buffer.from(line);
    if (this.size > 0 && this.size + bytes.length > this.maxBytes) this.rotate();
    // A log that can't be written, be the disk full or the host about to end, must not trouble anything else.
    try {
      this.size += writeSync(this.fd, bytes);
    } catch {
      return;
    }
  }

  close(): void {
    closeSync(this.fd);
  }

  private rotate(): void {
    closeSync(this.fd);
    for (let n = KEPT_FILES - 1; n >= 0; n--) {
      try {
        renameSync(n === 0 ? this.path : `${this.path}.${n}`, `${this.path}.${n + 1}`);
      } catch (error) {
        if (!hasCode(error, 'ENOENT')) throw error;
      }
    }
    this.fd = openSync(this.path, 'a', PRIVATE_FILE);
    this.size = 0;
  }
}

export interface Logs {
  readonly host: Logger;
  /** Takes the io-daemon's own log lines as they come. */
  io(lines: Uint8Array): void;
  close(): void;
}

export function openLogs(home: string, verbose: boolean): Logs {
  const folder = join(home, 'logs');
  makePrivateFolder(folder);
  const hostFile = new RotatingFile(join(folder, 'host.log'));
  const ioFile = new RotatingFile(join(folder, 'io.log'));
  const streams = verbose ? [{ stream: hostFile }, { stream: process.stderr }] : [{ stream: hostFile }];
  const level = verbose ? 'debug' : 'info';
  return {
    host: pino({ level, base: { pid: process.pid } }, multistream(streams.map(s => ({ ...s, level })))),
    io(lines) {
      ioFile.write(lines);
      if (verbose) process.stderr.write(lines);
    },
    close() {
      hostFile.close();
      ioFile.close();
    },
  };
}
