/**
 * Frames of `/io` to bytes and back, alone and in batches; what each carries is stated in layouts.ts. Any bytes give frames
 * or a {@link WireError}; decoded byte fields are views of the message: whoever keeps one copies it.
 */
import { type Field, malformed, Reader, WireError, Writer } from './bytes.ts';
import { ENVELOPE_BYTES, ErrorCode, FLAG_BATCH, type Frame, Op, WIRE_VERSION } from './frames.ts';
import { layouts } from './layouts.ts';

export interface Envelope {
  readonly op: number;
  readonly flags: number;
  readonly id: number;
}

/** @throws {WireError} MALFORMED, UNKNOWN_VERSION */
export function readEnvelope(reader: Reader): Envelope {
  if (reader.left < ENVELOPE_BYTES) throw malformed('shorter than an envelope');
  const version = reader.u8();
  const op = reader.u8();
  const flags = reader.u16();
  const id = reader.u32();
  if (version !== WIRE_VERSION) throw new WireError(ErrorCode.UNKNOWN_VERSION, `version ${version}`, id);
  return { op, flags, id };
}

export function writeEnvelope(writer: Writer, { op, flags, id }: Envelope): void {
  writer.u8(WIRE_VERSION);
  writer.u8(op);
  writer.u16(flags);
  writer.u32(id);
}

/** Reads a payload to its last byte, putting the request's id on whatever is wrong with it. */
export function readPayload<T>(field: Field<T>, reader: Reader, id: number): T {
  try {
    const value = field.read(reader);
    if (reader.left > 0) throw malformed('bytes after the frame');
    return value;
  } catch (error) {
    if (error instanceof WireError) throw new WireError(error.code, error.message, id);
    throw error;
  }
}

/** @throws {RangeError} where a field does not fit its place on the wire: the caller's mistake. */
export function encode(frame: Frame): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writeEnvelope(writer, { op: frame.op, flags: 0, id: frame.id });
  (layouts[frame.op] as Field<Frame>).write(writer, frame);
  return writer.finish();
}

/** Several encoded frames as one message. */
export function encodeBatch(frames: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(frames.reduce((sum, frame) => sum + 4 + frame.length, ENVELOPE_BYTES));
  const view = new DataView(message.buffer);
  view.setUint8(0, WIRE_VERSION);
  view.setUint8(1, Op.BATCH);
  view.setUint16(2, FLAG_BATCH, true);
  let at = ENVELOPE_BYTES;
  for (const frame of frames) {
    view.setUint32(at, frame.length, true);
    message.set(frame, at + 4);
    at += 4 + frame.length;
  }
  return message;
}

/**
 * The frames of one message, as views of it and still encoded: itself, or those of its batch.
 * @throws {WireError} LIMIT where the message is longer than `limit` bytes; MALFORMED; UNKNOWN_VERSION
 */
export function splitMessage(message: Uint8Array, limit: number): Uint8Array[] {
  if (message.length > limit) throw new WireError(ErrorCode.LIMIT, `${message.length} bytes where ${limit} are allowed`);
  const reader = new Reader(message);
  const { op, flags, id } = readEnvelope(reader);
  if (op !== Op.BATCH) return [message];
  if (flags !== FLAG_BATCH) throw new WireError(ErrorCode.MALFORMED, 'unknown flags', id);
  const frames: Uint8Array[] = [];
  while (reader.left > 0) frames.push(reader.bytes(reader.u32()));
  return frames;
}

/** @throws {WireError} UNKNOWN_OPCODE, UNKNOWN_VERSION, MALFORMED (a batch within a batch is that) */
export function decodeFrame(frame: Uint8Array): Frame {
  const reader = new Reader(frame);
  const { op, flags, id } = readEnvelope(reader);
  if (op === Op.BATCH) throw new WireError(ErrorCode.MALFORMED, 'a batch within a batch', id);
  if (flags !== 0) throw new WireError(ErrorCode.MALFORMED, 'unknown flags', id);
  const layout = (layouts as Readonly<Record<number, Field<object> | undefined>>)[op];
  if (layout === undefined) throw new WireError(ErrorCode.UNKNOWN_OPCODE, `opcode ${op}`, id);
  return Object.assign(readPayload(layout, reader, id), { op, id }) as Frame;
}

/** All frames of one message of at most `limit` bytes. @throws {WireError} at the first that is not one */
export function decodeMessage(message: Uint8Array, limit: number): Frame[] {
  return splitMessage(message, limit).map(decodeFrame);
}
