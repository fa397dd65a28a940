/** Runs a program of the system, never through a shell. */
import { execFile } from 'node:child_process';
import { system32 } from '../../host/screen/windows-program.ts';

const TIMEOUT_MS = 20_000;

export interface Ran {
  readonly ok: boolean;
  readonly out: string;
  readonly err: string;
}

/** Null where there is no such program. */
export type RunProgram = (program: string, args: readonly string[]) => Promise<Ran | null>;

export const runProgram: RunProgram = (program, args) =>
  new Promise(resolve => {
    const path = process.platform === 'win32' ? system32(program, process.env) : program;
    execFile(path, [...args], { timeout: TIMEOUT_MS, windowsHide: true }, (error, out, err) => {
      if (error !== null && 'code' in error && error.code === 'ENOENT') resolve(null);
      else resolve({ ok: error === null, out: out.trim(), err: err.trim() });
    });
  });
