/** What a person has to settle before the host can start: said in one line, without a stack trace. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
