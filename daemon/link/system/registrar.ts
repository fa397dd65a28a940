/** Making Starling one of the programs that this system opens magnet links and torrent files with. */
import type { RunProgram } from './run.ts';

export interface Registration {
  readonly env: NodeJS.ProcessEnv;
  /** The person's folder. */
  readonly userHome: string;
  /** Starling's. */
  readonly home: string;
  /** The program that opens what stands behind its arguments. */
  readonly program: readonly string[];
  /** An SVG. */
  readonly icon: string;
  readonly run: RunProgram;
  /** Whether Starling may be the default in the place of another program. */
  readonly mayReplace: (kind: string, other: string) => Promise<boolean>;
}

export interface Registrar {
  /** What was done, line by line, for people. */
  register(registration: Registration): Promise<readonly string[]>;
  unregister(registration: Registration): Promise<readonly string[]>;
}

/** It cannot be done here; the message says why, for people. */
export class CannotRegister extends Error {}
