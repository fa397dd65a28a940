/** A body on its way into piece buffers: it fills their places in order, block by block, and tells how far it is. */
import type { Place } from '../../engine/events.ts';
import type { BlockSink } from './blocks.ts';
import { Gathered } from './gathered.ts';

/** What lands as a whole: what else may fill it meanwhile fills that. */
const BLOCK = 16 << 10;

/** What came is not what was asked for. */
export class Misfit extends Error {}

export class LandingBody {
  /** The place being filled, and how much of it is behind us. */
  private index = 0;
  private at = 0;
  /** What is filled just now. */
  private block: { readonly place: Place; readonly data: Gathered; left: number } | null = null;
  private landed: { readonly buffer: number; readonly offset: number; length: number; readonly earlier: boolean } | null = null;

  /** `tell` hears what is in place, and whether another brought it; neighbours of one part together. */
  constructor(
    private readonly sink: BlockSink,
    private readonly places: readonly Place[],
    private readonly tell: (place: Place, earlier: boolean) => void,
  ) {}

  /** Takes the bytes over; resolves once there is room for more. @throws {Misfit} where there are more than places for them */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let from = 0; from < bytes.length;) {
        const block = (this.block ??= this.next());
        const part = bytes.subarray(from, from + block.left);
        block.data.add(part);
        block.left -= part.length;
        from += part.length;
        if (block.left === 0) await this.finish(block.place, block.data);
      }
    } finally {
      this.flush();
    }
  }

  /** Nothing more comes. @throws {Misfit} where something is missing */
  end(): void {
    if (this.block !== null || this.index < this.places.length) throw new Misfit('what it sends is shorter than asked for');
  }

  private next(): NonNullable<LandingBody['block']> {
    const place = this.places[this.index];
    if (place === undefined) throw new Misfit('what it sends is longer than asked for');
    const offset = place.offset + this.at;
    // Blocks are those of the buffer, so that each is the one that anybody else would fill.
    const length = Math.min(BLOCK - (offset % BLOCK), place.length - this.at);
    this.at += length;
    if (this.at === place.length) {
      this.index += 1;
      this.at = 0;
    }
    return { place: { buffer: place.buffer, offset, length }, data: new Gathered(length), left: length };
  }

  private async finish(place: Place, data: Gathered): Promise<void> {
    this.block = null;
    let at = place.offset;
    let isNew = false;
    let isThere = false;
    for (const part of data.parts) {
      let what = this.sink.land(place.buffer, at, part);
      for (; what === 'full'; what = this.sink.land(place.buffer, at, part)) {
        this.flush();
        await this.sink.room();
      }
      isNew ||= what === 'landed';
      isThere ||= what === 'earlier';
      at += part.length;
    }
    if (!isNew && !isThere) return;
    const last = this.landed;
    if (last?.buffer === place.buffer && last.offset + last.length === place.offset && last.earlier !== isNew) {
      last.length += place.length;
      return;
    }
    this.flush();
    this.landed = { ...place, earlier: !isNew };
  }

  private flush(): void {
    const { landed } = this;
    this.landed = null;
    if (landed) this.tell({ buffer: landed.buffer, offset: landed.offset, length: landed.length }, landed.earlier);
  }
}
