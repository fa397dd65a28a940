/** What the engine uses of the `bencode` package, which brings no types. */
declare module 'bencode' {
  /** Decodes a whole buffer; strings stay bytes. Only for input that codec/bencode.ts has scanned. */
  export function decode(bytes: Uint8Array): unknown;
  export function encode(value: unknown): Uint8Array;
  const bencode: { decode: typeof decode; encode: typeof encode };
  export default bencode;
}
