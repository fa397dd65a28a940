/** The command line is not understood. */
export class UsageError extends Error {}

/** What was asked for cannot be done; the message is one line for people. */
export class CommandError extends Error {}
