/**
 * What a machine wants done. Machines push effects to an outbox and return; session.ts is the one place that carries
 * them out. Connections, buffers, files and requests are numbers that the session hands out, unique over all torrents.
 */
import type { Note } from './journal.ts';
import type { Turn } from './news.ts';
import type { AnnounceRequest } from './codec/tracker.ts';
import type { Carry, DigestSpec, Place, Range, Run, Span } from './events.ts';
import type { Move } from './parts.ts';
import type { Draw, Source } from './source.ts';
import type { StreamCipher } from './model/keystream.ts';

/** What is limited: what we read, or what we send. */
export type RateDirection = 'down' | 'up';

/** What a connection to a peer goes over. */
export type Transport = 'tcp' | 'utp';

export type Effect =
  | {
      readonly do: 'connect';
      readonly conn: number;
      readonly host: string;
      readonly port: number;
      readonly transport: Transport;
    }
  | { readonly do: 'send'; readonly conn: number; readonly bytes: Uint8Array }
  | { readonly do: 'credit'; readonly conn: number; readonly bytes: number }
  | { readonly do: 'cipher'; readonly conn: number; readonly cipher: StreamCipher; readonly back: Uint8Array }
  | { readonly do: 'framed'; readonly conn: number; readonly maxFrame: number; readonly back: Uint8Array }
  | {
      readonly do: 'expect';
      readonly conn: number;
      readonly buffer: number;
      readonly prefix: Uint8Array;
      readonly runs: readonly Run[];
    }
  | {
      readonly do: 'unexpect';
      readonly conn: number;
      readonly buffer: number;
      readonly prefix: Uint8Array;
      readonly runs: readonly Run[];
    }
  | { readonly do: 'discard'; readonly conn: number; readonly prefix: Uint8Array }
  | {
      readonly do: 'sendSpans';
      readonly conn: number;
      readonly send: number;
      readonly header: Uint8Array;
      readonly spans: readonly Span[];
    }
  | { readonly do: 'cancelSend'; readonly conn: number; readonly send: number }
  | { readonly do: 'close'; readonly conn: number }
  | {
      readonly do: 'openFile';
      readonly file: number;
      readonly root: string;
      readonly path: readonly string[];
      readonly size: number;
      readonly create: boolean;
      readonly allocate: boolean;
    }
  | { readonly do: 'copy'; readonly move: Move; readonly from: Span; readonly to: number }
  | { readonly do: 'closeFile'; readonly file: number }
  | { readonly do: 'sync'; readonly files: readonly number[] }
  | { readonly do: 'moveFile'; readonly carry: Carry }
  | {
      readonly do: 'deleteFile';
      readonly root: string;
      readonly path: readonly string[];
      readonly size: number;
      readonly trash: boolean;
    }
  | {
      readonly do: 'begin';
      readonly buffer: number;
      readonly length: number;
      readonly tag: Uint8Array;
      readonly spans: readonly Span[];
      /** What stands there already. */
      readonly there: readonly Range[];
    }
  | { readonly do: 'park'; readonly buffer: number }
  | { readonly do: 'put'; readonly buffer: number; readonly offset: number; readonly bytes: Uint8Array }
  /** Reads a part of a piece from another store of ours; and says that nothing is needed there any more. */
  | ({ readonly do: 'draw' } & Draw)
  | { readonly do: 'brought'; readonly source: Source }
  | { readonly do: 'commit'; readonly buffer: number; readonly digests: readonly DigestSpec[]; readonly wantBlocks: boolean }
  | { readonly do: 'acknowledge'; readonly buffer: number }
  | { readonly do: 'reset'; readonly buffer: number; readonly ranges: readonly Range[] }
  | { readonly do: 'drop'; readonly buffer: number }
  | {
      readonly do: 'verify';
      readonly pieces: readonly number[];
      readonly items: readonly { spans: readonly Span[]; digest: DigestSpec }[];
    }
  /** For whoever asked for block hashes of that piece. */
  | { readonly do: 'leaves'; readonly piece: number; readonly spans: readonly Span[] }
  /** A reader may read these bytes of its file; 0: no more will come. */
  | { readonly do: 'readable'; readonly stream: number; readonly offset: number; readonly length: number }
  | { readonly do: 'record'; readonly kind: RecordKind; readonly value: Uint8Array | null }
  /** Reads the record of its files. */
  | { readonly do: 'recall'; readonly request: number }
  | { readonly do: 'announce'; readonly request: number; readonly url: string; readonly announce: AnnounceRequest }
  | { readonly do: 'scrape'; readonly url: string; readonly infoHash: Uint8Array }
  | { readonly do: 'cancelAnnounce'; readonly request: number }
  | {
      readonly do: 'fetch';
      readonly request: number;
      readonly url: string;
      readonly range: { readonly from: number; readonly total: number } | null;
      readonly places: readonly Place[];
      /** Ms. */
      readonly silence: number;
    }
  /** What a person may want to hear who does not look. */
  | { readonly do: 'happened'; readonly what: Turn }
  /** For its log. */
  | ({ readonly do: 'note' } & Note)
  | { readonly do: 'fetchTorrent'; readonly url: string }
  | { readonly do: 'cancelFetch'; readonly request: number }
  | { readonly do: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string };

/** The records of a torrent: what it is called and what was chosen, what its files are (written once or so), and how far it is. */
export type RecordKind = 'torrent' | 'info' | 'progress';

export type Outbox = (effect: Effect) => void;

/** Hands out the numbers that name things across the door. */
export class Ids {
  private nextConn = 1;
  private nextBuffer = 1;
  private nextFile = 1;
  private nextRequest = 1;

  conn(): number {
    return this.nextConn++;
  }
  buffer(): number {
    return this.nextBuffer++;
  }
  file(): number {
    return this.nextFile++;
  }
  request(): number {
    return this.nextRequest++;
  }
  /** Buffers up to this number exist already: they outlived an earlier engine. */
  reserveBuffers(upTo: number): void {
    this.nextBuffer = Math.max(this.nextBuffer, upTo + 1);
  }
}
