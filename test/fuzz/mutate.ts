/** Changes to an input as fuzzers make them: a few small ones, drawn by chance. */

/** Pieces of the languages that are decoded here, so that chance need not find them letter by letter. */
const WORDS = [
  'd1:a', 'de', 'le', 'i0e', 'i-1e', 'i9007199254740993e', '0:', '4:name', '6:pieces', '12:piece length', '6:length', '5:files',
  '4:path', '4:info', '9:file tree', '11:pieces root', '12:meta version', '4:attr', '8:announce', '13:announce-list', '5:peers',
  '8:interval', '14:failure reason', '1:m', '11:ut_metadata', '8:msg_type', '5:piece', '10:total_size', '4:have', '4:root', '5:stats',
  'magnet:?', 'xt=urn:btih:', 'xt=urn:btmh:1220', '&tr=', '&x.pe=', '&so=', '&dn=', '%2e', 'http://', 'udp://', '[::1]:80', '127.0.0.1:1',
  '../', 'CON', '.', '\u202e', '\n', '\0\0\0\0', '\x01', '\x7f', '\xff\xff\xff\xff',
].map(word => Uint8Array.from(Buffer.from(word, 'latin1'))); // prettier-ignore

/** No input grows beyond this. */
export const MAX_INPUT = 4096;

/** `random` is uniform in [0, 1); `other` is another input of the corpus. */
export function mutate(input: Uint8Array, other: Uint8Array, random: () => number): Uint8Array {
  let bytes = input;
  const below = (limit: number): number => Math.floor(random() * limit);
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = below(bytes.length + 1);
    const to = Math.min(bytes.length, at + 1 + below(random() < 0.5 ? 4 : 64));
    const word = WORDS[below(WORDS.length)] ?? bytes;
    const from = below(other.length + 1);
    const part = other.subarray(from, from + 1 + below(64));
    const kinds: (() => Uint8Array)[] = [
      () => splice(bytes, at, at + 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << below(8)))),
      () => splice(bytes, at, at + 1, Uint8Array.of(below(256))),
      () => splice(bytes, at, at + 1, Uint8Array.of((bytes[at] ?? 0) + (random() < 0.5 ? 1 : -1))),
      () => splice(bytes, at, to, new Uint8Array(0)),
      () => splice(bytes, at, at, bytes.subarray(at, to)),
      () => splice(bytes, at, at, word),
      () => splice(bytes, at, at + word.length, word),
      () => splice(bytes, at, at, part),
      () => splice(bytes, at, bytes.length, other.subarray(from)),
    ];
    bytes = kinds[below(kinds.length)]?.() ?? bytes;
  }
  return bytes.slice(0, MAX_INPUT);
}

function splice(bytes: Uint8Array, from: number, to: number, put: Uint8Array): Uint8Array {
  const rest = bytes.subarray(to);
  const made = new Uint8Array(from + put.length + rest.length);
  made.set(bytes.subarray(0, from));
  made.set(put, from);
  made.set(rest, from + put.length);
  return made;
}
