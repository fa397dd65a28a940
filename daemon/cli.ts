import { VERSION } from './host/version.ts';

/** Runs the command line; resolves to the exit status. */
export function main(args: readonly string[]): Promise<number> {
  if (args.includes('--version')) console.log(VERSION);
  return Promise.resolve(0);
}
