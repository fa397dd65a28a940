/** What a person has to settle before the host can start: said in one line, without a stack trace. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Why the system refuses a file. */
const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of its path is no folder',
  EEXIST: 'a file is in its place',
  EACCES: 'you may not read or write there',
  EPERM: 'you may not read or write there',
  EISDIR: 'it is a folder',
  ELOOP: 'it became a symbolic link',
  ENOSPC: 'the disk is full',
  EDQUOT: 'your share of the disk is used up',
  EROFS: 'the disk is read-only',
  EIO: 'the disk has failed',
};

/** Why the system refuses what it was asked for, in words; null for what is no error of the system's. */
export function reasonOf(error: unknown): string | null {
  if (!(error instanceof Error && 'syscall' in error)) return null;
  return ('code' in error ? REASONS[String(error.code)] : undefined) ?? error.message;
}

/** Likewise, of a path alone. */
export function refusedPath(error: unknown): string | null {
  return error instanceof Error && 'path' in error ? reasonOf(error) : null;
}
