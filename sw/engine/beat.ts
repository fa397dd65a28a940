import type { Changes } from './changes.ts';
import type { Departures } from './departures.ts';
import type { Doors } from './doors.ts';
import type { HandingOver } from './handing-over.ts';
import type { Loop } from './loop.ts';
import type { Registry } from './registry.ts';
import type { Shares } from './shares.ts';
import type { Turns } from './turns.ts';
import type { Torrent } from './torrent.ts';

interface Parts {
  readonly changes: Changes;
  readonly departures: Departures;
  readonly shares: Shares;
  readonly doors: Doors;
  readonly handing: HandingOver;
  readonly turns: Turns;
}

/**
 * What an engine does by itself, twice a second; `second`: what it does once a second as well, and whether nothing was to be done before. Each part by
 * itself in the loop: one that fails costs the others nothing.
 */
export function beat(
  loop: Loop,
  torrents: Registry<Torrent>,
  { changes, departures, shares, doors, handing, turns }: Parts,
  now: number,
  second: false | { readonly rested: boolean },
): void {
  for (const torrent of torrents.values()) {
    if (torrent.isIdle) continue;
    if (second) {
      loop.run(() => changes.second(torrent, now));
      loop.run(() => handing.history.at(torrent));
    }
    loop.run(() => torrent.tick(now, second !== false));
  }
  if (second) loop.run(() => turns.review());
  if (second) loop.run(() => departures.tick(now));
  if (second) shares.tick(now);
  doors.tick(now, second !== false);
  if (second) handing.tick(now, second.rested);
}
