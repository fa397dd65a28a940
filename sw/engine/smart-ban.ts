/** Blocks of failed copies that are remembered; past it the piece that failed longest ago is forgotten. */
export const MAX_REMEMBERED_BLOCKS = 65_536;

/**
 * Who sent a block: IP:port, or the address of a web seed. Null where nobody did (padding), and '' where it is not known any more, as with what an
 * earlier engine fetched.
 */
export type Sender = string | null;

/** A copy of a piece that did not hash right. */
interface Copy {
  readonly senders: readonly Sender[];
  /** Of each block of 16 KiB, one behind the other; padding at the end may have none. */
  readonly digests: Uint8Array;
  /** Bytes of each: 20 of SHA-1, or 32 of SHA-256. */
  readonly width: number;
}

/**
 * Finds out who poisons. A piece that fails says only that somebody lied; once a good copy of it is there, the blocks that
 * differ from it tell who. Nobody is suspected for having sent other blocks of the same piece.
 */
export class SmartBan {
  private readonly copies = new Map<number, Copy[]>();
  private remembered = 0;

  /** Whether copies of it failed, so that the digests of a good one are wanted. */
  suspects(piece: number): boolean {
    return this.copies.has(piece);
  }

  /** A copy failed. Returns who certainly lied: its only sender. */
  failed(piece: number, senders: readonly Sender[], digests: Uint8Array, width: number): string[] {
    const involved = new Set(senders.filter(sender => sender !== null));
    const [only] = involved;
    if (involved.size === 1 && only) return [only];
    const before = this.copies.get(piece) ?? [];
    this.copies.delete(piece);
    this.copies.set(piece, [...before, { senders, digests: digests.slice(), width }]);
    this.remembered += senders.length;
    for (const oldest of this.copies.keys()) {
      if (this.remembered <= MAX_REMEMBERED_BLOCKS) break;
      this.forget(oldest);
    }
    return [];
  }

  /** A good copy is there, with these block digests. Returns who sent blocks that differ from it. */
  passed(piece: number, digests: Uint8Array, width: number): string[] {
    const liars = new Set<string>();
    for (const copy of this.copies.get(piece) ?? []) {
      if (copy.width !== width || copy.digests.length !== digests.length) continue;
      copy.senders.forEach((sender, block) => {
        if (sender && !sameDigest(copy.digests, digests, block, width)) liars.add(sender);
      });
    }
    this.forget(piece);
    return [...liars];
  }

  private forget(piece: number): void {
    for (const { senders } of this.copies.get(piece) ?? []) this.remembered -= senders.length;
    this.copies.delete(piece);
  }
}

function sameDigest(a: Uint8Array, b: Uint8Array, block: number, width: number): boolean {
  for (let at = block * width; at < (block + 1) * width; at++) if (a[at] !== b[at]) return false;
  return true;
}
