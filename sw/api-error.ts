/** What went wrong, as a window or another browser is told. */
import type { ApiError } from './api.ts';

export function apiError(error: unknown): ApiError {
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : 'internal';
    if (code !== 'internal') return { code, message: error.message };
  }
  console.error('A command failed.', error);
  return { code: 'internal', message: 'Something went wrong in the engine. What was asked for may not have been done.' };
}
