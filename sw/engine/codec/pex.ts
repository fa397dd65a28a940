/** Messages of the peer exchange (BEP 11): who joined and who left, addresses packed, a byte of flags for each that joined. */
import { fail } from '../errors.ts';
import { ipBytes, packPeer, unpackPeers, type PeerAddress } from './address.ts';
import { asBytes, asDict, decode, dictGet, encode, type BDict, type BValue } from './bencode.ts';

/** Peers of each list that we look at; what goes beyond is passed over. BEP 11 allows 50, the first message more. */
export const MAX_PEX_PEERS = 200;
/** Bytes of a whole message: four full lists of IPv6 addresses come to less. */
const MAX_PEX_BYTES = 32 * 1024;

export const PEX_FLAG = { encryption: 0x01, seed: 0x02, utp: 0x04, holepunch: 0x08, reachable: 0x10 } as const;

export interface PexPeer extends PeerAddress {
  /** Of {@link PEX_FLAG}. */
  readonly flags: number;
}

export interface PexMessage {
  readonly added: readonly PexPeer[];
  readonly dropped: readonly PeerAddress[];
}

/** Every host must be an IP literal. */
export function encodePex({ added, dropped }: PexMessage): Uint8Array {
  const dict: Record<string, BValue> = {};
  for (const [suffix, length] of FAMILIES) {
    const isOurs = ({ host }: PeerAddress): boolean => ipBytes(host)?.length === length;
    const joined = added.filter(isOurs);
    const left = dropped.filter(isOurs);
    // Clients in the field expect the IPv4 lists even where they are empty.
    if (joined.length > 0 || length === 4) {
      dict[`added${suffix}`] = pack(joined);
      dict[`added${suffix}.f`] = Uint8Array.from(joined, ({ flags }) => flags);
    }
    if (left.length > 0 || length === 4) dict[`dropped${suffix}`] = pack(left);
  }
  return encode(dict);
}

/** Throws `bencode` or `protocol` where it is malformed. At most {@link MAX_PEX_PEERS} of each list are told; port 0 is left out. */
export function decodePex(payload: Uint8Array): PexMessage {
  if (payload.length > MAX_PEX_BYTES) fail('protocol', 'The peer sent a peer exchange that is too long.');
  const { value } = decode(payload, { trailing: 'allow', maxDepth: 4, maxTokens: 64 });
  const dict = asDict(value) ?? fail('protocol', 'The peer sent a peer exchange that is no dictionary.');
  const added: PexPeer[] = [];
  const dropped: PeerAddress[] = [];
  for (const [suffix, length] of FAMILIES) {
    const packed = list(dict, `added${suffix}`, length);
    const flags = asBytes(dictGet(dict, `added${suffix}.f`)) ?? new Uint8Array(0);
    const each = length + 2;
    for (let index = 0; index * each < packed.length && index < MAX_PEX_PEERS; index++) {
      // One at a time: an address that is left out must not shift the flags of the others.
      const [peer] = unpackPeers(packed.subarray(index * each, (index + 1) * each), length, 1);
      if (peer) added.push({ ...peer, flags: flags[index] ?? 0 });
    }
    dropped.push(...unpackPeers(list(dict, `dropped${suffix}`, length), length, MAX_PEX_PEERS));
  }
  return { added, dropped };
}

const FAMILIES = [
  ['', 4],
  ['6', 16],
] as const;

function pack(peers: readonly PeerAddress[]): Uint8Array {
  return Uint8Array.from(peers.flatMap(({ host, port }) => [...(packPeer(host, port) ?? [])]));
}

function list(dict: BDict, key: string, length: 4 | 16): Uint8Array {
  const packed = asBytes(dictGet(dict, key)) ?? new Uint8Array(0);
  if (packed.length % (length + 2) !== 0) fail('protocol', 'The peer sent a peer exchange with an incomplete address.');
  return packed;
}
