/** What a Range header asks of a file (RFC 9110, 14): one range of bytes, from either end. */

/** Bytes [from, to) of the file. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

/**
 * `whole`: no range that counts was asked for. Several at once, or of another unit, do not, and neither does one that is
 * malformed or runs backwards. `beyond`: there is nothing at that place.
 */
export function readRange(header: string | undefined, size: number): ByteRange | 'whole' | 'beyond' {
  const [, first = '', last = ''] = /^bytes=(\d{0,16})-(\d{0,16})$/.exec(header?.trim() ?? '') ?? [];
  if (first === '' && last === '') return 'whole';
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'beyond' : { from: size - length, to: size };
  }
  const from = Number(first);
  const to = last === '' ? size : Math.min(Number(last) + 1, size);
  if (last !== '' && Number(last) < from) return 'whole';
  return from >= size ? 'beyond' : { from, to };
}
