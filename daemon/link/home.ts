/** Where Starling keeps its settings and state where nobody says otherwise. */
import { resolve } from 'node:path';
import envPaths from 'env-paths';

export function defaultHome(): string {
  return envPaths('starling', { suffix: '' }).data;
}

/** The folder that `--home` names. */
export function homeOf(asked: string | undefined): string {
  return resolve(asked ?? defaultHome());
}
