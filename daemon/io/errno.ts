/** The system's names of what went wrong, as what a person can do about it. */
import { FileStatus } from '../wire/frames.ts';

const STATUS: Readonly<Record<string, FileStatus>> = {
  '': FileStatus.OK,
  ENOSPC: FileStatus.FULL,
  EDQUOT: FileStatus.QUOTA,
  EFBIG: FileStatus.TOO_LARGE,
  EROFS: FileStatus.READ_ONLY,
  /** The file was opened for reading alone, as its file system or its mode asked for. */
  EBADF: FileStatus.READ_ONLY,
  EACCES: FileStatus.DENIED,
  EPERM: FileStatus.DENIED,
  ENOENT: FileStatus.GONE,
  ESTALE: FileStatus.GONE,
  ENODEV: FileStatus.GONE,
  ENXIO: FileStatus.GONE,
  EBUSY: FileStatus.BUSY,
  ETXTBSY: FileStatus.BUSY,
  ELOOP: FileStatus.UNSAFE,
  ENOTDIR: FileStatus.CONFLICT,
  EISDIR: FileStatus.CONFLICT,
  EEXIST: FileStatus.CONFLICT,
  ENAMETOOLONG: FileStatus.CONFLICT,
  EMFILE: FileStatus.BUSY_HANDLES,
  ENFILE: FileStatus.BUSY_HANDLES,
};

export function statusOf(errno: string): FileStatus {
  return STATUS[errno] ?? FileStatus.IO;
}

/** The system's name of an error; empty where it has none. */
export function errnoOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** What any thrown value says about a file; never OK. */
export function problemOf(error: unknown): FileStatus {
  return error instanceof FileProblem ? error.status : statusOf(errnoOf(error) || 'EIO');
}

/** A refusal of our own. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
  readonly status: FileStatus;

  constructor(status: FileStatus) {
    super(`file status ${status}`);
    this.status = status;
  }
}
