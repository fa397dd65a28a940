/**
 * The messages of the DHT (BEP 5; `want` and `nodes6` BEP 32, `scrape` BEP 33, `ip` BEP 42, `ro` BEP 43): one bencoded
 * dictionary a datagram.
 */
import { fail } from '../errors.ts';
import { ID_BYTES } from '../model/ids.ts';
import type { NodeId } from '../model/node-id.ts';
import { packPeer, unpackPeers, type Family, type PeerAddress } from './address.ts';
import { asBytes, asDict, asInt, asList, asText, decode, dictGet, encode, type BDict, type BValue } from './bencode.ts';
import { printable } from './text.ts';

/** No datagram of the DHT needs more: it would be cut into pieces on the way. */
export const MAX_KRPC_BYTES = 1500;
export const FILTER_BYTES = 256;
const MAX_TX_BYTES = 20;
const MAX_TOKEN_BYTES = 128;
const MAX_NODES = 32;
const MAX_PEERS = 200;
const MAX_TEXT = 100;
const LIMITS = { maxDepth: 4, maxTokens: 400 };
/** Our client and its version, as `v`. */
const VERSION = Uint8Array.of(0x53, 0x47, 0, 1);

export interface NodeInfo extends PeerAddress {
  readonly id: NodeId;
}

export type Query =
  | { readonly method: 'ping' }
  | { readonly method: 'find_node'; readonly target: NodeId; readonly want: readonly Family[] }
  | {
      readonly method: 'get_peers';
      readonly infoHash: Uint8Array;
      readonly want: readonly Family[];
      /** Seeds would be of no use. */
      readonly noSeed: boolean;
      readonly scrape: boolean;
    }
  | {
      readonly method: 'announce_peer';
      readonly infoHash: Uint8Array;
      /** 0: the port that the datagram came from. */
      readonly port: number;
      readonly token: Uint8Array;
      readonly seed: boolean;
    }
  /** A method that we do not know. */
  | { readonly method: 'unknown' };

export interface Reply {
  /** `want`ed nodes by family; null: not said. */
  readonly nodes: readonly NodeInfo[] | null;
  readonly nodes6: readonly NodeInfo[] | null;
  readonly peers: readonly PeerAddress[];
  readonly token: Uint8Array | null;
  /** Bloom filters of the addresses of seeds and of other peers, 256 bytes each. */
  readonly filters: { readonly seeds: Uint8Array; readonly peers: Uint8Array } | null;
}

/** `tx` is who asked's own mark, sent back as it came. */
export type KrpcMessage =
  | { readonly type: 'query'; readonly tx: Uint8Array; readonly id: NodeId; readonly readOnly: boolean; readonly query: Query }
  | {
      readonly type: 'reply';
      readonly tx: Uint8Array;
      readonly id: NodeId;
      /** The receiver's address as the sender sees it; null: not said. */
      readonly ip: PeerAddress | null;
      readonly reply: Reply;
    }
  | { readonly type: 'error'; readonly tx: Uint8Array; readonly code: number; readonly text: string };

/** What is left out of a reply. */
export const NO_REPLY: Reply = { nodes: null, nodes6: null, peers: [], token: null, filters: null };

/** Reads one datagram. Throws `bencode` or `protocol` on anything that is no such message. */
export function decodeKrpc(bytes: Uint8Array): KrpcMessage {
  if (bytes.length > MAX_KRPC_BYTES) fail('protocol', 'A message of the DHT is too long.');
  const dict = asDict(decode(bytes, LIMITS).value);
  const tx = asBytes(dictGet(dict, 't'));
  if (dict === null || tx === null || tx.length > MAX_TX_BYTES) malformed();
  switch (asText(dictGet(dict, 'y'))) {
    case 'q': {
      const body = asDict(dictGet(dict, 'a'));
      const readOnly = asInt(dictGet(dict, 'ro')) === 1;
      const query = readQuery(asText(dictGet(dict, 'q')) ?? '', body);
      return { type: 'query', tx: tx.slice(), id: idOf(body, 'id'), readOnly, query };
    }
    case 'r': {
      const body = asDict(dictGet(dict, 'r'));
      const ip = asBytes(dictGet(dict, 'ip'));
      const [seen = null] = ip?.length === 6 ? unpackPeers(ip, 4, 1) : ip?.length === 18 ? unpackPeers(ip, 16, 1) : [];
      return { type: 'reply', tx: tx.slice(), id: idOf(body, 'id'), ip: seen, reply: readReply(body) };
    }
    case 'e': {
      const [code, text] = asList(dictGet(dict, 'e')) ?? [];
      return { type: 'error', tx: tx.slice(), code: asInt(code) ?? 0, text: printable(asText(text) ?? '', MAX_TEXT) ?? '' };
    }
    default:
      return malformed();
  }
}

/** A query whose method is `unknown` is of no use to anybody and is never sent. */
export function encodeKrpc(message: KrpcMessage): Uint8Array {
  switch (message.type) {
    case 'query':
      return encode({
        a: { id: message.id, ...queryBody(message.query) },
        q: text(message.query.method),
        ...(message.readOnly ? { ro: 1 } : {}),
        t: message.tx,
        v: VERSION,
        y: text('q'),
      });
    case 'reply': {
      const seen = message.ip && packPeer(message.ip.host, message.ip.port);
      const body = { id: message.id, ...replyBody(message.reply) };
      return encode({ ...(seen ? { ip: seen } : {}), r: body, t: message.tx, v: VERSION, y: text('r') });
    }
    case 'error':
      return encode({ e: [message.code, text(message.text)], t: message.tx, v: VERSION, y: text('e') });
    default:
      return message satisfies never;
  }
}

function readQuery(method: string, body: BDict | null): Query {
  switch (method) {
    case 'ping':
      return { method };
    case 'find_node':
      return { method, target: idOf(body, 'target'), want: wanted(body) };
    case 'get_peers': {
      const [noSeed, scrape] = [flag(body, 'noseed'), flag(body, 'scrape')];
      return { method, infoHash: idOf(body, 'info_hash'), want: wanted(body), noSeed, scrape };
    }
    case 'announce_peer': {
      const port = flag(body, 'implied_port') ? 0 : asInt(dictGet(body, 'port'));
      const token = asBytes(dictGet(body, 'token'));
      if (port === null || port < 0 || port > 65535 || token === null || token.length > MAX_TOKEN_BYTES) malformed();
      return { method, infoHash: idOf(body, 'info_hash'), port, token: token.slice(), seed: flag(body, 'seed') };
    }
    default:
      return { method: 'unknown' };
  }
}

function queryBody(query: Query): Record<string, BValue> {
  switch (query.method) {
    case 'ping':
    case 'unknown':
      return {};
    case 'find_node':
      return { target: query.target, ...wantBody(query.want) };
    case 'get_peers': {
      const flags = { ...(query.noSeed ? { noseed: 1 } : {}), ...(query.scrape ? { scrape: 1 } : {}) };
      return { info_hash: query.infoHash, ...flags, ...wantBody(query.want) };
    }
    case 'announce_peer': {
      const port = query.port === 0 ? { implied_port: 1, port: 0 } : { implied_port: 0, port: query.port };
      return { info_hash: query.infoHash, ...port, ...(query.seed ? { seed: 1 } : {}), token: query.token };
    }
    default:
      return query satisfies never;
  }
}

function readReply(body: BDict | null): Reply {
  const token = asBytes(dictGet(body, 'token'));
  if (token !== null && token.length > MAX_TOKEN_BYTES) malformed();
  const peers: PeerAddress[] = [];
  for (const item of (asList(dictGet(body, 'values')) ?? []).slice(0, MAX_PEERS)) {
    const bytes = asBytes(item);
    if (bytes?.length === 6) peers.push(...unpackPeers(bytes, 4, 1));
    else if (bytes?.length === 18) peers.push(...unpackPeers(bytes, 16, 1));
  }
  const seeds = asBytes(dictGet(body, 'BFsd'));
  const others = asBytes(dictGet(body, 'BFpe'));
  const hasFilters = seeds?.length === FILTER_BYTES && others?.length === FILTER_BYTES;
  return {
    nodes: readNodes(asBytes(dictGet(body, 'nodes')), 4),
    nodes6: readNodes(asBytes(dictGet(body, 'nodes6')), 16),
    peers,
    token: token?.slice() ?? null,
    filters: hasFilters ? { seeds: seeds.slice(), peers: others.slice() } : null,
  };
}

function replyBody(reply: Reply): Record<string, BValue> {
  return {
    ...(reply.filters ? { BFsd: reply.filters.seeds, BFpe: reply.filters.peers } : {}),
    ...(reply.nodes ? { nodes: packNodes(reply.nodes) } : {}),
    ...(reply.nodes6 ? { nodes6: packNodes(reply.nodes6) } : {}),
    ...(reply.token ? { token: reply.token } : {}),
    ...(reply.peers.length > 0 ? { values: reply.peers.map(({ host, port }) => packPeer(host, port) ?? new Uint8Array(0)) } : {}),
  };
}

/** Nodes one after another: 20 bytes of id, then the address (BEP 5, 32). Those that cannot be one are left out. */
export function readNodes(bytes: Uint8Array | null, ipLength: 4 | 16, limit = MAX_NODES): NodeInfo[] | null {
  if (bytes === null) return null;
  const each = ID_BYTES + ipLength + 2;
  if (bytes.length % each !== 0) malformed();
  const nodes: NodeInfo[] = [];
  for (let at = 0; at < bytes.length && nodes.length < limit; at += each) {
    const [address] = unpackPeers(bytes.subarray(at + ID_BYTES, at + each), ipLength, 1);
    if (address) nodes.push({ id: bytes.slice(at, at + ID_BYTES), ...address });
  }
  return nodes;
}

export function packNodes(nodes: readonly NodeInfo[]): Uint8Array {
  return Uint8Array.from(nodes.flatMap(({ id, host, port }) => [...id, ...(packPeer(host, port) ?? [])]));
}

function idOf(body: BDict | null, key: string): NodeId {
  const id = asBytes(dictGet(body, key));
  return id?.length === ID_BYTES ? id.slice() : malformed();
}

function wanted(body: BDict | null): Family[] {
  const families = new Set<Family>();
  for (const item of (asList(dictGet(body, 'want')) ?? []).slice(0, 4)) {
    const name = asText(item);
    if (name === 'n4') families.add(4);
    else if (name === 'n6') families.add(6);
  }
  return [...families];
}

function wantBody(want: readonly Family[]): Record<string, BValue> {
  return want.length > 0 ? { want: want.map(family => text(`n${family}`)) } : {};
}

function flag(body: BDict | null, key: string): boolean {
  return asInt(dictGet(body, key)) === 1;
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function malformed(): never {
  return fail('protocol', 'It is no message of the DHT.');
}
