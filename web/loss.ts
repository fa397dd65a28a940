import { words } from './words/words.ts';

/** That the browser has deleted what it kept of so many torrents. */
export function describeLoss(torrents: number): string {
  return words.kept.lost({ torrents });
}
