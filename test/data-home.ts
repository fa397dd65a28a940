/** What tests delete goes to a trash of their own, and that with them; so does what they have built. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { shareBuilds } from './built-once.ts';

export function setup(): () => void {
  const home = mkdtempSync(join(tmpdir(), 'starling-data-home-'));
  process.env.XDG_DATA_HOME = home;
  const endBuilds = shareBuilds();
  return () => {
    endBuilds();
    rmSync(home, { recursive: true, force: true });
  };
}
