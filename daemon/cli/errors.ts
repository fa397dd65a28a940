/** The command line is not understood. */
export class UsageError extends Error {
  /** The command whose help says more; null for the overview. */
  readonly command: string | null;

  constructor(message: string, command: string | null = null) {
    super(message);
    this.command = command;
  }
}

/** What was asked for cannot be done; the message is one line for people. */
export class CommandError extends Error {}
