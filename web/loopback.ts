/** Whether the browser lets this site reach programs of this computer. */
import { isBlocked } from './pairing.ts';

/** What the browser says of it, and tells the changes of; null where it knows no such question. */
export async function loopback(): Promise<PermissionStatus | null> {
  for (const name of ['loopback-network', 'local-network-access']) {
    try {
      return await navigator.permissions.query({ name: name as PermissionName });
    } catch {
      // Another browser, or an older one.
    }
  }
  return null;
}

let isFollowed = false;

/** Keeps `isBlocked` from now on. */
export async function followLoopback(): Promise<void> {
  if (isFollowed) return;
  isFollowed = true;
  const status = await loopback();
  if (status === null) return;
  const look = (): void => void (isBlocked.value = status.state === 'denied');
  look();
  status.addEventListener('change', look);
}
