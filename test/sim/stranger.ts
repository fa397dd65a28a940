import bencode from 'bencode';
import { decodeExtendedHandshake, decodeMetadata, encodeExtendedHandshake } from '../../sw/engine/codec/extensions.ts';
import type { ExtendedHandshake } from '../../sw/engine/codec/extensions.ts';
import {
  decodeHandshake,
  decodeMessage,
  encodeHandshake,
  encodeMessage,
  HANDSHAKE_BYTES,
} from '../../sw/engine/codec/peer-wire.ts';
import type { Message } from '../../sw/engine/codec/peer-wire.ts';
import { decodePex } from '../../sw/engine/codec/pex.ts';
import type { PexMessage } from '../../sw/engine/codec/pex.ts';
import type { Stream, StreamEvents } from '../../sw/engine/ports.ts';
import { Disk } from './disk.ts';
import { SimStore } from './store.ts';
import type { World } from './host.ts';
import { SimNet } from './net.ts';

/** Our ids of the extensions that a stranger takes messages of. */
export const IDS = { ut_pex: 21, ut_metadata: 22, lt_donthave: 23, ut_holepunch: 24 };

/** A peer without an engine: it says what a test has it say, and keeps what it hears. */
export class Stranger {
  isOpen = false;
  /** The info-hash of the other side's handshake. */
  answeredBy = '';
  /** The other side's latest. */
  handshake: ExtendedHandshake | null = null;
  readonly heard: Message[] = [];
  readonly exchanges: PexMessage[] = [];
  /** Of a part of the metadata. */
  asked: (part: number) => void = () => undefined;
  private readonly net: SimNet;
  private stream: Stream | null = null;

  constructor(
    world: World,
    readonly name: string,
    private readonly infoHash: string,
    /** What it says of itself beyond its extensions. */
    private readonly says: { fast?: boolean; port?: number; peerId?: string; v2?: boolean; metadataSize?: number } = {},
  ) {
    this.net = new SimNet(world.internet, name, { latency: 10, rate: 10e6 }, new SimStore(world.clock, new Disk()));
  }

  /** Connects, and shakes hands both ways; `bitfield` of how many pieces, all there, comes right after. */
  call(host: string, has: Uint8Array | null = null): void {
    const { fast = true, v2 = false, peerId = `-XX0000-${this.name.padEnd(12, '-')}` } = this.says;
    let isFramed = false;
    const events: StreamEvents = {
      opened: () => {
        this.isOpen = true;
        stream.send(
          encodeHandshake({
            infoHash: Uint8Array.from(Buffer.from(this.infoHash, 'hex')),
            peerId: Uint8Array.from(Buffer.from(peerId)),
            fast,
            extended: true,
            dht: false,
            v2,
          }),
        );
        this.introduce();
        if (has) this.say({ type: 'bitfield', bytes: has });
        stream.credit(HANDSHAKE_BYTES);
      },
      received: bytes => {
        if (isFramed) this.hear(decodeMessage(bytes));
        else {
          isFramed = true;
          this.answeredBy = Buffer.from(decodeHandshake(bytes)?.infoHash ?? []).toString('hex');
          stream.framed(1 << 20, new Uint8Array(0));
          stream.credit(1 << 30);
        }
      },
      landed: () => undefined,
      discarded: () => undefined,
      sent: () => undefined,
      closed: () => (this.isOpen = false),
    };
    const stream = this.net.connect(host, 6881, events, 'tcp');
    this.stream = stream;
  }

  say(message: Parameters<typeof encodeMessage>[0]): void {
    this.stream?.send(encodeMessage(message));
  }

  /** Says what it is, with any size of the metadata, possible or not. */
  introduce(metadataSize = this.says.metadataSize): void {
    const own = encodeExtendedHandshake({ m: IDS, port: this.says.port ?? null });
    const payload =
      metadataSize === undefined
        ? own
        : bencode.encode(Object.assign(bencode.decode(own) as object, { metadata_size: metadataSize }));
    this.extended(0, Uint8Array.from(payload));
  }

  /** A message of ut_metadata. */
  metadata(payload: Uint8Array): void {
    this.extended(this.handshake?.m.get('ut_metadata') ?? 0, payload);
  }

  extended(id: number, payload: Uint8Array): void {
    this.say({ type: 'extended', id, payload });
  }

  private hear(message: Message): void {
    if (message.type === 'extended' && message.id === 0) this.handshake = decodeExtendedHandshake(message.payload.slice());
    else if (message.type === 'extended' && message.id === IDS.ut_pex) this.exchanges.push(decodePex(message.payload.slice()));
    else if (message.type === 'extended' && message.id === IDS.ut_metadata) {
      const wish = decodeMetadata(message.payload.slice());
      if (wish?.kind === 'request') this.asked(wish.piece);
    } else if ('hashes' in message) this.heard.push({ ...message, hashes: message.hashes.slice() });
    else this.heard.push('bytes' in message ? { ...message, bytes: message.bytes.slice() } : message);
  }
}
