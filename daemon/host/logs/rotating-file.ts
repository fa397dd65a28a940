/** A file that is put aside as `.1`, `.2` … when it has grown to its limit. */
import { closeSync, fstatSync, openSync, renameSync, truncateSync, writeSync } from 'node:fs';
import { hasCode, PRIVATE_FILE } from '../store/durable.ts';

const MAX_FILE_BYTES = 4 << 20;
const KEPT_FILES = 3;

export class RotatingFile {
  private readonly path: string;
  private readonly maxBytes: number;
  private fd: number | null = null;
  private size = 0;

  constructor(path: string, maxBytes: number = MAX_FILE_BYTES) {
    this.path = path;
    this.maxBytes = maxBytes;
  }

  /** A log that can't be written, be the disk full or its folder gone, must not trouble anything else. */
  write(line: string): void {
    const bytes = Buffer.from(line);
    try {
      if (this.size > 0 && this.size + bytes.length > this.maxBytes) this.rotate();
      this.size += writeSync(this.open(), bytes);
    } catch {
      return;
    }
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  private open(): number {
    if (this.fd !== null) return this.fd;
    this.fd = openSync(this.path, 'a', PRIVATE_FILE);
    this.size = fstatSync(this.fd).size;
    return this.fd;
  }

  private rotate(): void {
    this.close();
    this.size = 0;
    for (let n = KEPT_FILES - 1; n >= 0; n--) {
      try {
        renameSync(n === 0 ? this.path : `${this.path}.${n}`, `${this.path}.${n + 1}`);
      } catch (error) {
        // What cannot be put aside is begun anew: what happens now counts for more.
        if (n === 0 && !hasCode(error, 'ENOENT')) truncateSync(this.path);
      }
    }
  }
}
