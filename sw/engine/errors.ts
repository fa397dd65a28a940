import { said, sentenceOf } from '../said.ts';
import type { Said, SaidCode, ValuesTaken } from '../said.ts';

/**
 * What went wrong, in a form that code can use: `code` is a short stable name to branch on, the message says what is wrong in English, for
 * programs and the log.
 */
export class EngineError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'EngineError';
    this.code = code;
  }
}

/** Something that was asked for cannot be done: each window says why in its own language (said.ts). */
export class Refusal extends EngineError {
  readonly said: Said;

  constructor(what: Said) {
    super(what.code, sentenceOf(what));
    this.said = what;
  }
}

/** What a person is told of an error: one of a codec is in English, for who knows what it means. */
export function saidOf(error: EngineError): Said {
  return error instanceof Refusal ? error.said : said('told', { text: error.message });
}

export function refusal<Code extends SaidCode>(code: Code, ...values: ValuesTaken<Code>): Refusal {
  return new Refusal(said(code, ...values));
}

/** @throws {Refusal} always: for where one value or none is expected */
export function refuse<Code extends SaidCode>(code: Code, ...values: ValuesTaken<Code>): never {
  throw refusal(code, ...values);
}

export function fail(code: string, message: string): never {
  throw new EngineError(code, message);
}
