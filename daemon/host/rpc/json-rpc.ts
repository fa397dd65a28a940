/**
 * JSON-RPC 2.0 (https://www.jsonrpc.org/specification) without anything that it is about: what a line asks for, and the line that
 * answers it.
 */

export const RpcCode = {
  PARSE_ERROR: -32_700,
  INVALID_REQUEST: -32_600,
  METHOD_NOT_FOUND: -32_601,
  INVALID_PARAMS: -32_602,
  INTERNAL_ERROR: -32_603,
  /** What was asked for was understood, and could not be done. */
  REFUSED: -32_000,
} as const;
export type RpcCode = (typeof RpcCode)[keyof typeof RpcCode];

/** What is told beside code and message. */
export interface RpcErrorData {
  /** What whoever asked can do, in a sentence. */
  readonly hint: string;
  readonly [more: string]: unknown;
}

/** An answer that is an error. */
export class RpcError extends Error {
  readonly code: RpcCode;
  readonly data: RpcErrorData;

  constructor(code: RpcCode, message: string, data: RpcErrorData) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/** Carries out a call; params are an object by names, or undefined. What it throws that is no {@link RpcError} is a fault of ours. */
export type Call = (method: string, params: Readonly<Record<string, unknown>> | undefined) => Promise<unknown>;

/** Requests of one batch. */
export const MAX_BATCH = 100;

/** The greatest number that an id may be. */
const MOST = Number.MAX_SAFE_INTEGER;

type Id = string | number | null;

interface Request {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>> | undefined;
  /** Undefined for a notification, which is not answered. */
  readonly id: Id | undefined;
}

type Response =
  | { readonly jsonrpc: '2.0'; readonly id: Id; readonly result: unknown }
  | {
      readonly jsonrpc: '2.0';
      readonly id: Id;
      readonly error: { readonly code: RpcCode; readonly message: string; readonly data: RpcErrorData };
    };

/** What a line asks for. */
export interface Asked {
  /** How many requests that are, {@link MAX_BATCH} at most. */
  readonly count: number;
  /** Carries it out; gives the answer without its end, or null where it gets none. */
  answer(call: Call): Promise<string | null>;
}

/** Reads a line without its end; null for one of blanks. Calls of a batch begin in their order, and run side by side. */
export function read(line: string): Asked | null {
  if (line.trim() === '') return null;
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return refused(notJson());
  }
  if (!Array.isArray(message)) return { count: 1, answer: async call => textOf(await respond(message, call)) };
  if (message.length === 0 || message.length > MAX_BATCH) {
    return refused(
      new RpcError(RpcCode.INVALID_REQUEST, `A batch holds 1 to ${MAX_BATCH} requests; this one holds ${message.length}`, {
        hint: 'Send the requests in several batches, or each on a line of its own.',
        max_batch: MAX_BATCH,
      }),
    );
  }
  return { count: message.length, answer: call => respondToAll(message, call) };
}

/** Of a line that is refused whatever it asks for. */
export function refused(error: RpcError): Asked {
  return { count: 1, answer: () => Promise.resolve(refusal(error)) };
}

export function notJson(): RpcError {
  return new RpcError(RpcCode.PARSE_ERROR, 'The line is no JSON', {
    hint: 'Send one JSON object, or one array of them, a line, in UTF-8, without line breaks inside.',
  });
}

/** The answer to what cannot be answered by its id. */
export function refusal(error: RpcError): string {
  return JSON.stringify(failure(null, error));
}

/** A notification, as a line without its end. */
export function notification(method: string, params: Readonly<Record<string, unknown>>): string {
  return JSON.stringify({ jsonrpc: '2.0', method, params });
}

async function respondToAll(batch: readonly unknown[], call: Call): Promise<string | null> {
  const responses = await Promise.all(batch.map(each => respond(each, call)));
  const told = responses.filter(response => response !== null);
  return told.length > 0 ? JSON.stringify(told) : null;
}

async function respond(message: unknown, call: Call): Promise<Response | null> {
  const request = readRequest(message);
  if (request instanceof RpcError) return failure(idOf(message) ?? null, request);
  const { method, params, id } = request;
  try {
    // Nothing of it is said where nobody waits for it; it is carried out all the same.
    const result = await call(method, params);
    return id === undefined ? null : { jsonrpc: '2.0', id, result };
  } catch (error) {
    return id === undefined ? null : failure(id, error);
  }
}

function readRequest(message: unknown): Request | RpcError {
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return invalid('A request is an object');
  const { jsonrpc, method, params } = message as Partial<Record<string, unknown>>;
  if (jsonrpc !== '2.0') return invalid('A request says "jsonrpc": "2.0"');
  if (typeof method !== 'string') return invalid('The method of a request is its name');
  if (params !== undefined && (typeof params !== 'object' || params === null)) return invalid('Params are an object');
  const isNotification = !Object.hasOwn(message, 'id');
  const readable = isNotification ? undefined : idOf(message);
  if (!isNotification && readable === undefined) {
    return invalid(`The id of a request is a string, a whole number from -${MOST} to ${MOST}, or null`);
  }
  if (Array.isArray(params)) {
    // Well-formed, so that it is for the method to refuse: none here takes them by position.
    return new RpcError(RpcCode.INVALID_PARAMS, 'Params are given by name', {
      hint: 'Send params as an object: {"info_hash": "…"} in place of ["…"].',
    });
  }
  return { method, params: params as Request['params'], id: readable };
}

/** A number is read as a double: one that cannot be told back as it was sent is none. */
function idOf(message: unknown): Id | undefined {
  if (typeof message !== 'object' || message === null || !('id' in message)) return undefined;
  const { id } = message;
  return typeof id === 'string' || id === null || (typeof id === 'number' && Number.isSafeInteger(id)) ? id : undefined;
}

function invalid(message: string): RpcError {
  return new RpcError(RpcCode.INVALID_REQUEST, message, {
    hint: 'A request reads {"jsonrpc": "2.0", "id": 1, "method": "get_status", "params": {}}.',
  });
}

function failure(id: Id, error: unknown): Response {
  if (error instanceof RpcError) {
    const { code, message, data } = error;
    return { jsonrpc: '2.0', id, error: { code, message, data } };
  }
  const data = { hint: 'This is a fault of Starling. What was asked for may not have been done; its log tells more.' };
  return { jsonrpc: '2.0', id, error: { code: RpcCode.INTERNAL_ERROR, message: 'Something went wrong in Starling', data } };
}

function textOf(response: Response | null): string | null {
  return response === null ? null : JSON.stringify(response);
}
