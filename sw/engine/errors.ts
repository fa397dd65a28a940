import { sentenceOf } from '../said.ts';
import type { Said, SaidCode, SaidValues } from '../said.ts';

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

type Values<Code extends SaidCode> = keyof SaidValues<Code> extends never ? [] : [values: SaidValues<Code>];

/** Something that was asked for cannot be done: each window says why in its own language (said.ts). */
export class Refusal extends EngineError {
  readonly said: Said;

  constructor(said: Said) {
    super(said.code, sentenceOf(said));
    this.said = said;
  }
}

/** What a person is told of an error: one of a codec is in English, for who knows what it means. */
export function saidOf(error: EngineError): Said {
  return error instanceof Refusal ? error.said : { code: 'told', values: { text: error.message } };
}

export function refusal<Code extends SaidCode>(code: Code, ...[values]: Values<Code>): Refusal {
  return new Refusal({ code, values: values ?? {} });
}

/** @throws {Refusal} always: for where one value or none is expected */
export function refuse<Code extends SaidCode>(code: Code, ...values: Values<Code>): never {
  throw refusal(code, ...values);
}

export function fail(code: string, message: string): never {
  throw new EngineError(code, message);
}
