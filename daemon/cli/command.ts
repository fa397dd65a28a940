/** What a command of the command line is to the table that it stands in. */
export interface Command {
  /** Its usage and options, as `starling help NAME` shows them. */
  readonly help: string;
  /** Resolves to the exit status. @throws {UsageError} @throws {CommandError} */
  run(args: readonly string[], programs: Programs): Promise<number>;
}

export interface Programs {
  /** The folder of the built programs, io.mjs and link.mjs among them. */
  readonly folder: string;
}
