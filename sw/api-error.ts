/** What went wrong, as a window or another browser is told. */
import type { ApiError } from './api.ts';
import { EngineError, Refusal } from './engine/index.ts';

export function apiError(error: unknown): ApiError {
  if (error instanceof Refusal) return error.said;
  if (error instanceof EngineError && error.code !== 'internal') return { code: 'told', values: { text: error.message } };
  console.error('A command failed.', error);
  return { code: 'internal', values: {} };
}
