/** One file that a seed sends no faster than it is told to, so that there is time for something to happen on the way. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { LibtorrentPeer } from '../peers/libtorrent.ts';
import { differences, magnetOf, makePayload, type Payload } from '../peers/payload.ts';
import { until } from '../peers/wait.ts';
import type { App } from './app.ts';

/** Where it is added, and where it goes. */
export interface Place {
  readonly dir: string;
  readonly downloads: string;
  readonly app: App;
  seed(payload: Payload, options: { uploadLimit: number }): Promise<LibtorrentPeer>;
}

export class Transfer {
  readonly payload: Payload;
  readonly seed: LibtorrentPeer;
  readonly #downloads: string;

  private constructor(payload: Payload, seed: LibtorrentPeer, downloads: string) {
    this.payload = payload;
    this.seed = seed;
    this.#downloads = downloads;
  }

  /** Adds it in the app and starts it there. `size`: bytes; `rate`: bytes a second. */
  static async begin(place: Place, name: string, { size, rate }: { size: number; rate: number }): Promise<Transfer> {
    const payload = makePayload(join(place.dir, 'seed'), name, [{ path: [], size }], {
      pieceLength: 512 << 10,
      // Who runs the same test on this machine meanwhile would be found, and bring it as well.
      seed: randomUUID(),
    });
    const seed = await place.seed(payload, { uploadLimit: rate });
    await place.app.addMagnet(magnetOf(payload, [`127.0.0.1:${seed.port}`]));
    return new Transfer(payload, seed, place.downloads);
  }

  get name(): string {
    return this.payload.name;
  }

  /** Waits until this part of it was sent. */
  async reach(part: number): Promise<void> {
    const { size } = this.payload;
    await until(`${part * 100} % to be sent`, () => this.seed.status.uploaded >= part * size, 60_000);
  }

  async onDisk(): Promise<void> {
    await until('all of it to be on the disk', () => differences(this.payload, this.#downloads).length === 0);
  }

  /** Every byte is right, and of all that was sent no more than `again` bytes came a second time. */
  async cameOnce(again: number): Promise<void> {
    const { size } = this.payload;
    expect(differences(this.payload, this.#downloads)).toEqual([]);
    const { uploaded } = await this.seed.fresh();
    console.info(`fetched again: ${((uploaded / size - 1) * 100).toFixed(2)} %`);
    expect(uploaded).toBeGreaterThanOrEqual(size);
    expect(uploaded).toBeLessThanOrEqual(size + again);
  }
}
