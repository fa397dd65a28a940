import type { Outbox } from './effects.ts';
import { EngineError } from './errors.ts';
import { decodeInfoRecord, encodeInfoRecord } from './resume.ts';
import type { InfoRecord } from './resume.ts';
import type { Substance } from './substance.ts';
import { parseInfo } from './codec/metainfo.ts';
import type { Metainfo } from './codec/metainfo.ts';
import type { TorrentHashes } from './model/ids.ts';

/** Ms until a record that could not be read is asked for again. */
const ASK_AGAIN = 5000;
/** Ms for which what came back to be looked into stays. */
const KEEP = 30_000;
/** What may wait for one record; more is left out. */
const MAX_WAITING = 16;

interface Recallable {
  readonly id: string;
  readonly hashes: TorrentHashes;
  readonly substance: Substance;
  readonly out: Outbox;
  letGo(): void;
}

/** Has a torrent at rest come back: asks for the record of its files, again where that fails. */
export class Recall {
  /** Why the record could not be read the last time; empty when it could. */
  problem = '';
  private waiting: ((now: number) => void)[] = [];
  /** The last request; an answer to another one comes too late. */
  private request = 0;
  private askAt = Infinity;
  /** Monotonic ms until when somebody looks into it; none where nobody does. */
  private neededUntil: number | null = null;

  constructor(private readonly torrent: Recallable) {}

  get isIdle(): boolean {
    return this.waiting.length === 0 && this.neededUntil === null;
  }

  /** It is to be there for a while, though nothing is done with it. */
  need(now: number): void {
    this.neededUntil = now + KEEP;
    if (this.torrent.substance.atRest && this.waiting.length === 0) this.begin(() => undefined);
  }

  /** Goes on with `then` when it is back, or its record turned out to be lost. */
  begin(then: (now: number) => void): void {
    if (this.waiting.length < MAX_WAITING) this.waiting.push(then);
    if (this.waiting.length === 1) this.ask();
  }

  /** Nobody waits for it any more. */
  stop(): void {
    this.waiting = [];
    this.request += 1;
    this.askAt = Infinity;
    this.problem = '';
  }

  tick(now: number): void {
    if (this.neededUntil !== null && now >= this.neededUntil) this.neededUntil = null;
    if (now >= this.askAt) this.ask();
  }

  /** `value` is null where there is no such record, or with a problem. */
  answered(request: number, problem: string, value: Uint8Array | null, now: number): void {
    const { torrent } = this;
    if (request !== this.request) return;
    this.problem = problem;
    if (problem !== '') {
      this.askAt = now + ASK_AGAIN;
      return;
    }
    const { waiting } = this;
    this.stop();
    const info = value ? readInfoRecord(value, torrent.hashes) : 'it is not there';
    if (typeof info !== 'string') torrent.substance.comeBack(info);
    else {
      torrent.out({ do: 'log', level: 'error', text: `${torrent.id}: the record of its files cannot be read: ${info}` });
      torrent.substance.lose();
    }
    for (const go of waiting) go(now);
    torrent.letGo();
  }

  private ask(): void {
    this.askAt = Infinity;
    this.request += 1;
    this.torrent.out({ do: 'recall', request: this.request });
  }
}

/** What the record of a torrent's files says, or why it cannot be believed. */
export function readInfoRecord(
  value: Uint8Array,
  hashes: TorrentHashes,
): { readonly meta: Metainfo; readonly layers: InfoRecord['layers'] } | string {
  const record = decodeInfoRecord(value);
  if (!record) return 'it is damaged';
  try {
    return { meta: parseInfo(record.info, hashes), layers: record.layers };
  } catch (error) {
    if (error instanceof EngineError) return error.message;
    throw error;
  }
}

/** The record of a torrent's files; null where they are not known, or not in memory. */
export function infoOf({ meta, pieceHashes }: Pick<Substance, 'meta' | 'pieceHashes'>): Uint8Array | null {
  return meta && pieceHashes ? encodeInfoRecord({ info: meta.info, layers: pieceHashes.layers }) : null;
}

/** Gives a torrent whose files are not known the record of them that another store of ours has; nothing is learnt of one that does not fit. */
export function learnInfo(
  torrent: {
    readonly hashes: TorrentHashes;
    readonly isKnown: boolean;
    learnFiles(meta: Metainfo): void;
    learnLayer(root: string, layer: Uint8Array): void;
  },
  value: Uint8Array,
): void {
  const known = torrent.isKnown ? null : readInfoRecord(value, torrent.hashes);
  if (known === null || typeof known === 'string') return;
  torrent.learnFiles(known.meta);
  for (const [root, layer] of known.layers) torrent.learnLayer(root, layer);
}
