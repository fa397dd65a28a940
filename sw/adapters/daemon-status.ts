/** What the daemon's status numbers mean to the engine. */
import { FileStatus, LandStatus, NetStatus } from '../../daemon/wire/frames.ts';
import type { CommitStatus, FileProblem } from '../engine/events.ts';

export function fileProblem(status: FileStatus): FileProblem | null {
  switch (status) {
    case FileStatus.OK:
      return null;
    case FileStatus.FULL:
      return 'full';
    case FileStatus.READ_ONLY:
      return 'read-only';
    case FileStatus.DENIED:
      return 'denied';
    case FileStatus.GONE:
      return 'gone';
    case FileStatus.BUSY:
      return 'busy';
    case FileStatus.UNSAFE:
      return 'unsafe';
    case FileStatus.CONFLICT:
      return 'conflict';
    case FileStatus.NO_SUCH_ROOT:
      return 'no-such-root';
    case FileStatus.IO:
      return 'io';
    case FileStatus.LIMIT:
      return 'limit';
    case FileStatus.BUSY_HANDLES:
      return 'too-many-files';
    case FileStatus.TOO_LARGE:
      return 'too-large';
    case FileStatus.QUOTA:
      return 'quota';
    default:
      return status satisfies never;
  }
}

export function commitStatus(status: LandStatus): CommitStatus {
  switch (status) {
    case LandStatus.OK:
      return 'ok';
    case LandStatus.MISSING:
      return 'gone';
    case LandStatus.MISMATCH:
      return 'mismatch';
    case LandStatus.ERROR:
      return 'error';
    default:
      return status satisfies never;
  }
}

/** Why a connection or a request came to nothing, in words; `detail` is the daemon's own where it has more to say. */
export function netProblem(status: NetStatus, detail: string): string {
  switch (status) {
    case NetStatus.OK:
      return '';
    case NetStatus.REFUSED_BY_GUARD:
      return detail || 'Connections to this address are not allowed.';
    case NetStatus.LIMIT:
      return detail || 'Too many connections.';
    case NetStatus.TIMEOUT:
      return 'No answer in time.';
    case NetStatus.REFUSED:
      return 'Nothing listens there.';
    case NetStatus.UNREACHABLE:
      return 'No route to it.';
    case NetStatus.NAME_NOT_FOUND:
      return 'The name is not known.';
    case NetStatus.IN_USE:
      return 'The port is in use.';
    case NetStatus.FAILED:
      return detail || 'It failed.';
    case NetStatus.TLS:
      return detail || 'Its certificate could not be verified.';
    case NetStatus.TOO_LARGE:
      return 'The answer is too large.';
    case NetStatus.CANCELLED:
      return 'Cancelled.';
    case NetStatus.MISFIT:
      return detail || 'Something else came than was asked for.';
    default:
      return status satisfies never;
  }
}
