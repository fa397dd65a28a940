/** What tests delete goes to a trash of their own, and that with them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function setup(): () => void {
  const home = mkdtempSync(join(tmpdir(), 'starling-data-home-'));
  process.env.XDG_DATA_HOME = home;
  return () => rmSync(home, { recursive: true, force: true });
}
