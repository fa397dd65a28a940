import { hashesAt, heightOver, raise, TREE_HASH_BYTES } from './model/merkle.ts';

/** Hashes of one group: what the parts of a layer are proven by lies above groups. */
const GROUP_HEIGHT = 9;

/**
 * A piece layer with the top of its tree worked out, so that a part of it is proven without hashing it all again: what
 * lies above groups of 512 is kept, one hash for 256 pieces, and what lies within one costs 512 hashes at most.
 */
export class LayerTop {
  /** From the groups' own hashes up to the two below the root. */
  private readonly levels: Uint8Array[] = [];

  /** `base` and `height` are those of the layer and of the root above the blocks. */
  constructor(
    private readonly layer: Uint8Array,
    private readonly base: number,
    height: number,
  ) {
    if (height - base <= GROUP_HEIGHT) return;
    let level = raise(layer, base, base + GROUP_HEIGHT);
    for (let at = base + GROUP_HEIGHT; at < height; at++) {
      this.levels.push(level);
      level = raise(level, at, at + 1);
    }
  }

  /** `count` hashes (a power of two, 512 at most) from `index`, a multiple of it, and `uncles` of their proof. */
  hashes(index: number, count: number, uncles: number): Uint8Array {
    const answer = new Uint8Array((count + uncles) * TREE_HASH_BYTES);
    answer.set(hashesAt(this.layer, this.base, index, count));
    let position = index / count;
    for (let level = heightOver(count), at = count; at < count + uncles; level++, at++) {
      answer.set(this.node(level, position % 2 === 0 ? position + 1 : position - 1), at * TREE_HASH_BYTES);
      position = Math.floor(position / 2);
    }
    return answer;
  }

  /** The hash at `level` above the layer. */
  private node(level: number, position: number): Uint8Array {
    const kept = this.levels[level - GROUP_HEIGHT];
    if (kept) return hashesAt(kept, this.base + level, position, 1);
    const width = 2 ** level * TREE_HASH_BYTES;
    const below = this.layer.subarray(position * width, (position + 1) * width);
    return hashesAt(raise(below, this.base, this.base + level), this.base + level, 0, 1);
  }
}
