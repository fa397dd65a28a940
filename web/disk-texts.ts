import type { DiskProblem } from '../sw/view-model.ts';

/** What keeps a file from being written or deleted, by the key of its text in each area that tells of that. */
export const DISK_TEXTS = {
  'disk-full': 'diskFull',
  'disk-quota': 'diskQuota',
  'file-too-large': 'fileTooLarge',
  'read-only': 'readOnly',
  denied: 'denied',
  'folder-gone': 'folderGone',
  'file-gone': 'fileGone',
  'file-busy': 'fileBusy',
  'file-unsafe': 'fileUnsafe',
  'file-conflict': 'fileConflict',
  io: 'io',
  limit: 'limit',
} as const satisfies Readonly<Record<DiskProblem, string>>;
