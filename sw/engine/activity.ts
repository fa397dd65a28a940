import type { Doors } from './doors.ts';
import type { HandingOver } from './handing-over.ts';
import type { HistoryView, Span } from './history/history.ts';
import type { Pulse } from './pulse.ts';
import type { Registry } from './registry.ts';
import type { Shares } from './shares.ts';
import type { Torrent } from './torrent.ts';
import { viewVitals } from './vitals.ts';
import type { VitalsView } from './vitals.ts';
import type { InfoHash } from './model/ids.ts';

/** What the session did and does, over all torrents, for who looks. */
export class Activity {
  constructor(
    private readonly handing: Pick<HandingOver, 'history'>,
    private readonly doors: Doors,
    private readonly shares: Pick<Shares, 'limits'>,
    private readonly pulse: Pick<Pulse, 'rested' | 'goOn'>,
    private readonly torrents: Registry<Torrent>,
    private readonly clock: { now(): number },
  ) {}

  /** What moved when: of all torrents, or of one. */
  history(span: Span, of: InfoHash | null): HistoryView {
    const { handing, pulse } = this;
    // While nothing is to be done nobody measures; nothing moves then.
    if (pulse.rested) handing.history.second(true);
    return handing.history.view(span, of);
  }

  /** How the ways to the network are. */
  vitals(): VitalsView {
    const { doors, shares, torrents, clock } = this;
    return viewVitals(doors, shares.limits, torrents.values(), clock.now());
  }

  /** Tries whether peers outside reach us, and has the router asked anew; {@link vitals} tell what comes of it. */
  testPort(): void {
    this.doors.testPort();
    this.pulse.goOn();
  }
}
