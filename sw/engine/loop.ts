import type { Announcer } from './announce.ts';
import { Connections } from './connections.ts';
import type { Effect } from './effects.ts';
import { Faults } from './faults.ts';
import type { Turn } from './news.ts';
import type { Ports } from './ports.ts';
import { Removals } from './removals.ts';
import type { Torrent } from './torrent.ts';
import { committed, copied, flushed, opened, parked } from './outcome.ts';
import { CONNECTED } from './phase.ts';
import { MAX_TORRENT_BYTES } from './codec/metainfo.ts';
import type { AnnounceRequest, ScrapeCounts } from './codec/tracker.ts';
import { toHex } from './model/ids.ts';

/** Ms. */
const SOURCE_TIMEOUT = 60_000;

/** `problem` is empty where it is done; `value` is what was read, if anything was. */
type Answer = (problem: string, value?: Uint8Array | null) => void;

/**
 * Where torrents meet the ports: what the world tells goes to the torrent that it concerns, one thing at a time, and
 * what that torrent wants done is carried out when it has finished thinking.
 */
export class Loop {
  readonly connections: Connections;
  private readonly cancels = new Map<number, () => void>();
  private readonly unerased = new Set<string>();
  private readonly waiting: (() => void)[] = [];
  private readonly effects: { torrent: Torrent; effect: Effect }[] = [];
  private busy = false;
  private readonly faults: Faults;
  readonly removals = new Removals();

  constructor(
    private readonly ports: Ports,
    private readonly hooks: {
      /** A torrent is about to handle something. */
      touched(torrent: Torrent): void;
      /** A torrent has a connection more. */
      joined(torrent: Torrent, conn: number): void;
      /** The group for what the torrent is sent. */
      downGroup(torrent: Torrent): number;
      /** Something became of a torrent. */
      happened(torrent: Torrent, what: Turn): void;
      /** Nothing waits any more. */
      settled(): void;
      /** Bytes of a connection that belongs to no torrent yet. */
      introduced(conn: number, bytes: Uint8Array): void;
      /** Asks a tracker; the answer calls it off. `more`: another answer will take the place of this one. */
      announce(
        url: string,
        announce: AnnounceRequest,
        done: (answer: Parameters<Announcer['answered']>[1], more: boolean) => void,
      ): () => void;
      /** Whether a tracker answered; null: it refused. */
      announced(url: string, isThere: boolean | null): void;
      /** What came of asking for a .torrent; `problem` is empty where there was an answer. */
      sourced(torrent: Torrent, url: string, problem: string, body: Uint8Array): void;
      /** Asks a tracker for its counts; null where it does not tell. */
      scrape(url: string, infoHash: Uint8Array, done: (counts: ScrapeCounts | null) => void): void;
    },
  ) {
    this.connections = new Connections(ports, this, hooks);
    this.faults = new Faults(
      () => ports.clock.now(),
      text => ports.log('error', text),
    );
  }

  /** Lets a torrent handle something, then does what it wants done. */
  event(torrent: Torrent, handle: (now: number) => void): void {
    this.run(() => {
      this.hooks.touched(torrent);
      const now = this.ports.clock.now();
      torrent.at(now);
      handle(now);
    });
  }

  /** One thing at a time: what a port answers on the spot waits until the handler that asked is through. */
  run(action: () => void): void {
    this.waiting.push(action);
    if (this.busy) return;
    this.busy = true;
    try {
      for (let next = this.waiting.shift(); next; next = this.waiting.shift()) {
        try {
          next();
        } catch (error) {
          // A fault in one torrent's machines is not to cost the others what was told in the same breath.
          this.faults.add('a handler', error);
        }
        for (const { torrent, effect } of this.effects.splice(0)) {
          try {
            this.perform(torrent, effect);
          } catch (error) {
            this.faults.add(`“${effect.do}”`, error);
          }
        }
      }
    } finally {
      this.busy = false;
    }
    this.hooks.settled();
  }

  /** Asks a port for something to be recorded or read: one that throws has answered, with that. Else nobody would ever ask again. */
  private ask(what: string, begin: (answer: Answer) => void, answer: Answer): void {
    let isAnswered = false;
    const once: Answer = (problem, value) => {
      if (isAnswered) return;
      isAnswered = true;
      answer(problem, value);
    };
    try {
      begin(once);
    } catch (error) {
      this.faults.add(what, error);
      once(error instanceof Error ? error.message : String(error));
    }
  }

  /** Keeps a record that is no torrent's. */
  keep(key: string, value: Uint8Array | null, done: (problem: string) => void = () => undefined): void {
    const answered = (problem: string): void => {
      if (problem !== '') this.ports.log('warn', `the record “${key}” could not be saved: ${problem}`);
      this.run(() => done(problem));
    };
    this.ask(`“${key}”`, answer => this.ports.state.write([{ key, value }], answer), answered);
  }

  /** Records of removed torrents that could not be erased when they should have been: else these would come back. */
  eraseAgain(): void {
    for (const key of this.unerased) {
      this.ports.state.write([{ key, value: null }], problem => {
        if (problem === '') this.unerased.delete(key);
      });
    }
  }

  want(torrent: Torrent, effect: Effect): void {
    this.effects.push({ torrent, effect });
  }

  /** The network is gone, and all that was asked over it. */
  forgetConnections(): void {
    this.connections.forget();
    this.cancels.clear();
  }

  private perform(torrent: Torrent, effect: Effect): void {
    const { store, state, log } = this.ports;
    switch (effect.do) {
      case 'connect':
        return this.connections.connect(torrent, effect);
      case 'send':
      case 'credit':
      case 'cipher':
      case 'framed':
      case 'expect':
      case 'unexpect':
      case 'discard':
      case 'sendSpans':
      case 'cancelSend':
      case 'close':
        return this.connections.perform(effect);
      case 'openFile':
        return store.openFile(
          effect.file,
          effect.root,
          effect.path,
          effect.size,
          effect.create,
          effect.allocate,
          (problem, size, mtime) => this.event(torrent, now => opened(torrent, effect.file, problem, size, mtime, now)),
        );
      case 'copy':
        return store.copy(effect.from, effect.to, effect.move.to, problem =>
          this.event(torrent, now => copied(torrent, effect.move, problem, now)),
        );
      case 'closeFile':
        return store.closeFile(effect.file);
      case 'sync':
        return store.sync(effect.files, (problem, stat) => this.event(torrent, () => flushed(torrent, problem, stat)));
      case 'moveFile': {
        const { carry } = effect;
        return store.moveFile(carry.from, carry.to, carry.size, (problem, found) => {
          this.event(torrent, now => torrent.relocation.carried(carry, problem, found, now));
          // Once what that led to is asked for.
          if (torrent.phase === 'removed') this.run(() => this.removals.settle(torrent));
        });
      }
      case 'deleteFile': {
        const isRemoval = torrent.phase === 'removed';
        if (isRemoval) this.removals.asked(torrent);
        return store.deleteFile(effect.root, effect.path, effect.size, effect.trash, problem => {
          if (isRemoval) this.run(() => this.removals.answered(torrent, effect.root, effect.path, problem));
          if (problem !== null && problem !== 'gone') log('warn', `${effect.path.join('/')} could not be deleted: ${problem}`);
        });
      }
      case 'begin':
        return store.begin(effect.buffer, effect.length, effect.tag, effect.spans, effect.there);
      case 'park':
        return store.park(effect.buffer, there => this.event(torrent, now => parked(torrent, effect.buffer, there, now)));
      case 'put':
        return store.put(effect.buffer, effect.offset, effect.bytes);
      case 'draw':
        return torrent.transfer.source?.read(effect.piece, effect.offset, effect.length, (problem, bytes) =>
          this.event(torrent, now => torrent.transfer.drawn(effect, problem, bytes, now)),
        );
      case 'brought':
        return effect.source.brought();
      case 'commit':
        return store.commit(effect.buffer, effect.digests, effect.wantBlocks, (status, problem, blocks) =>
          this.event(torrent, now => committed(torrent, effect.buffer, status, problem, blocks, now)),
        );
      case 'acknowledge':
        return store.acknowledge(effect.buffer);
      case 'reset':
        return store.reset(effect.buffer, effect.ranges);
      case 'drop':
        return store.drop(effect.buffer);
      case 'verify':
        return store.verify(effect.items, verdicts =>
          this.event(torrent, now => torrent.work.verified(effect.pieces, verdicts, now)),
        );
      case 'leaves':
        return store.leaves(effect.spans, leaves =>
          this.event(torrent, now => torrent.content?.leaves.readLeaves(effect.piece, leaves, now)),
        );
      case 'readable':
        return this.ports.readers.readable(effect.stream, effect.offset, effect.length);
      case 'record': {
        const { kind, value } = effect;
        const key = `t/${torrent.id}/${kind}`;
        this.unerased.delete(key);
        const recorded = (problem: string): void => {
          if (problem !== '' && value === null) this.unerased.add(key);
          this.event(torrent, now => {
            torrent.recorder.recorded(kind, problem, torrent.content, now);
            torrent.letGo();
          });
        };
        return this.ask('“record”', answer => state.write([{ key, value }], answer), recorded);
      }
      case 'recall':
        return this.ask(
          '“recall”',
          answer => state.read(`t/${torrent.id}/info`, answer),
          (problem, value = null) =>
            this.event(torrent, now => torrent.work.recall.answered(effect.request, problem, value, now)),
        );
      case 'announce': {
        const { request, url, announce } = effect;
        let isAnswered = false;
        const cancel = this.hooks.announce(url, announce, (answer, more) => {
          isAnswered = !more;
          if (isAnswered) this.cancels.delete(request);
          this.event(torrent, now => {
            const peers = torrent.announcer.answered(request, answer, now);
            this.hooks.announced(url, 'failure' in answer ? (answer.refused ? null : false) : true);
            torrent.peerSet.learn(peers, 'tracker', toHex(announce.infoHash), now, CONNECTED.has(torrent.phase));
          });
        });
        if (!isAnswered) this.cancels.set(request, cancel);
        return;
      }
      case 'scrape':
        return this.hooks.scrape(effect.url, effect.infoHash, counts =>
          this.event(torrent, () => torrent.announcer.scraped(effect.url, counts)),
        );
      case 'cancelAnnounce':
      case 'cancelFetch':
        this.cancels.get(effect.request)?.();
        this.cancels.delete(effect.request);
        return;
      case 'fetch': {
        const { request } = effect;
        const cancel = this.ports.web.land(
          { ...effect, group: this.hooks.downGroup(torrent) },
          (place, earlier) => this.event(torrent, now => torrent.webSeeds.landed(request, place, earlier, now)),
          end => {
            this.cancels.delete(request);
            this.event(torrent, now => torrent.webSeeds.ended(request, end, now));
          },
        );
        this.cancels.set(request, cancel);
        return;
      }
      case 'fetchTorrent': {
        const { url } = effect;
        this.ports.http.get(url, null, MAX_TORRENT_BYTES, SOURCE_TIMEOUT, (problem, status, body) =>
          this.hooks.sourced(torrent, url, problem || (status === 200 ? '' : `It answers with status ${status}.`), body),
        );
        return;
      }
      case 'happened':
        return this.hooks.happened(torrent, effect.what);
      case 'note':
        if (torrent.phase !== 'removed') torrent.journal.add(effect, Math.floor(this.ports.clock.wall()));
        return;
      case 'log':
        return log(effect.level, effect.text);
      default:
        effect satisfies never;
    }
  }
}
