/**
 * Bytes of memory for those files of a torrent that are wanted: of every piece that one of them has a part in, whole, as that is how it is
 * checked and passed on. `sizes`: of all its files, in their order.
 */
export function heldBytes(sizes: readonly number[], pieceLength: number, isWanted: (file: number) => boolean): number {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let held = 0;
  let begin = 0;
  /** Where the last piece that is counted ends. */
  let counted = 0;
  for (const [file, size] of sizes.entries()) {
    const end = begin + size;
    if (size > 0 && isWanted(file)) {
      const from = Math.max(counted, Math.floor(begin / pieceLength) * pieceLength);
      counted = Math.max(counted, Math.min(Math.ceil(end / pieceLength) * pieceLength, total));
      held += counted - from;
    }
    begin = end;
  }
  return held;
}
