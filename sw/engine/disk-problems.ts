import type { FileProblem } from './events.ts';

export type DiskProblem =
  | 'disk-full'
  | 'disk-quota'
  | 'file-too-large'
  | 'read-only'
  | 'denied'
  | 'folder-gone'
  | 'file-gone'
  | 'file-busy'
  | 'file-unsafe'
  | 'file-conflict'
  | 'io'
  | 'limit';

/** How windows are told of what is wrong with a file. */
export const PROBLEM_CODES = {
  full: 'disk-full',
  quota: 'disk-quota',
  'too-large': 'file-too-large',
  'read-only': 'read-only',
  denied: 'denied',
  gone: 'file-gone',
  busy: 'file-busy',
  unsafe: 'file-unsafe',
  conflict: 'file-conflict',
  'no-such-root': 'folder-gone',
  io: 'io',
  limit: 'limit',
  'too-many-files': 'limit',
  'store-away': 'io',
} as const satisfies Record<FileProblem, DiskProblem>;
