/**
 * What went wrong, in a form that both code and people can use.
 * `code` is a short stable name to branch on; the message says what is wrong and, where one can help it, what to do.
 */
export class EngineError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'EngineError';
    this.code = code;
  }
}

export function fail(code: string, message: string): never {
  throw new EngineError(code, message);
}
