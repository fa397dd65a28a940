/** What went wrong, as a window or another browser is told. */
import type { ApiError } from './api.ts';
import { EngineError, saidOf } from './engine/index.ts';
import { said } from './said.ts';

export function apiError(error: unknown): ApiError {
  if (error instanceof EngineError && error.code !== 'internal') return saidOf(error);
  console.error('A command failed.', error);
  return said('internal');
}
