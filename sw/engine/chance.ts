/** Numbers drawn at a time: asking the platform for each alone would cost more than what is decided by it. */
const DRAUGHT = 256;

/** Numbers uniform in [0, 1), out of random bytes that are asked for many at a time. */
export function drawing(source: { bytes(count: number): Uint8Array }): () => number {
  let view = new DataView(new ArrayBuffer(0));
  let at = 0;
  return () => {
    if (at + 4 > view.byteLength) {
      view = new DataView(source.bytes(4 * DRAUGHT).slice().buffer);
      at = 0;
    }
    at += 4;
    return view.getUint32(at - 4) / 2 ** 32;
  };
}
