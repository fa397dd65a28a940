import { ipBytes } from '../codec/address.ts';
import type { Family, PeerAddress } from '../codec/address.ts';
import { encodeKrpc, NO_REPLY } from '../codec/krpc.ts';
import type { KrpcMessage, NodeInfo, Query, Reply } from '../codec/krpc.ts';
import { toHex } from '../model/ids.ts';
import type { NodeId } from '../model/node-id.ts';
import { AnswerBudget } from './limits.ts';
import { PeerStore } from './store.ts';
import { Tokens } from './tokens.ts';

/** No reply is longer, bytes; what is asked may be a twelfth of it. */
const MAX_REPLY = 1200;
/** What a reply takes beside nodes, peers and filters, bytes; and each of these. */
const FRAME = 120;
const FILTERS = 530;
const NODE = { 4: 26, 6: 38 };
const PEER = { 4: 8, 6: 21 };
const MAX_PEERS = 50;
/** Error codes of BEP 5. */
const PROTOCOL = 203;
const UNKNOWN_METHOD = 204;

/** Answers the questions of other nodes (BEP 5), as far as the budget goes; what is beyond it is left without an answer. */
export class Responder {
  private readonly tokens: Tokens;
  private readonly store: PeerStore;
  private readonly budget = new AnswerBudget();

  constructor(
    private readonly family: Family,
    private readonly nearest: (family: Family, target: NodeId) => readonly NodeInfo[],
    random: (count: number) => Uint8Array,
  ) {
    this.tokens = new Tokens(random);
    this.store = new PeerStore(() => random(1)[0]! / 256);
  }

  /** Null where there is nothing to say. */
  answer(ownId: NodeId, asked: KrpcMessage & { type: 'query' }, host: string, port: number, now: number): Uint8Array | null {
    const ip = ipBytes(host);
    if (!ip) return null;
    const said = this.reply(asked.query, ip, host, port, now);
    const bytes =
      'code' in said
        ? encodeKrpc({ type: 'error', tx: asked.tx, ...said })
        : encodeKrpc({ type: 'reply', tx: asked.tx, id: ownId, ip: { host, port }, reply: said });
    return this.budget.spend(bytes.length, now) ? bytes : null;
  }

  /** Who announced this torrent to us. */
  peers(infoHash: Uint8Array, noSeeds: boolean, now: number): readonly PeerAddress[] {
    return this.store.sample(toHex(infoHash), noSeeds, MAX_PEERS, now);
  }

  tick(now: number): void {
    this.store.expire(now);
  }

  private reply(query: Query, ip: Uint8Array, host: string, port: number, now: number): Reply | { code: number; text: string } {
    switch (query.method) {
      case 'ping':
        return NO_REPLY;
      case 'find_node':
        return { ...NO_REPLY, ...this.nodes(query.target, query.want) };
      case 'get_peers': {
        const infoHash = toHex(query.infoHash);
        const nodes = this.nodes(query.infoHash, query.want);
        const filters = query.scrape ? this.store.filters(infoHash, now) : null;
        const taken =
          FRAME + (filters ? FILTERS : 0) + (nodes.nodes?.length ?? 0) * NODE[4] + (nodes.nodes6?.length ?? 0) * NODE[6];
        const room = Math.min(MAX_PEERS, Math.floor((MAX_REPLY - taken) / PEER[this.family]));
        const peers = this.store.sample(infoHash, query.noSeed, Math.max(0, room), now);
        return { ...nodes, peers, token: this.tokens.issue(ip, query.infoHash, now), filters };
      }
      case 'announce_peer': {
        if (!this.tokens.isValid(query.token, ip, query.infoHash, now)) return { code: PROTOCOL, text: 'bad token' };
        this.store.add(toHex(query.infoHash), host, query.port === 0 ? port : query.port, query.seed, now);
        return NO_REPLY;
      }
      case 'unknown':
        return { code: UNKNOWN_METHOD, text: 'unknown method' };
      default:
        return query satisfies never;
    }
  }

  private nodes(target: NodeId, want: readonly Family[]): Pick<Reply, 'nodes' | 'nodes6'> {
    const families = want.length > 0 ? want : [this.family];
    return {
      nodes: families.includes(4) ? this.nearest(4, target) : null,
      nodes6: families.includes(6) ? this.nearest(6, target) : null,
    };
  }
}
