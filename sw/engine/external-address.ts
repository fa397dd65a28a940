import { familyOf, ipBytes, subnetOf } from './codec/address.ts';
import type { Family } from './codec/address.ts';
import { scopeOf } from './model/scope.ts';

/** Who can tell how we look from outside: peers by `yourip` (BEP 10), nodes of the DHT (BEP 42), trackers (BEP 24), our router. */
export type Witness = 'peer' | 'node' | 'tracker' | 'router';

/** Voices that count of each family, the latest of them, and how many must agree at least. */
const MAX_VOICES = 16;
const QUORUM = 4;
/** Voices of trackers: a torrent names as many as it likes, so that they are never enough by themselves. */
const MAX_TRACKERS = 2;

interface Voices {
  /** What peers and nodes said last, one voice a subnet; the latest last. */
  readonly met: Map<string, string>;
  readonly trackers: Map<string, string>;
}

/** Our own public addresses, one a family: what most of those say who see us from outside. */
export class ExternalAddress {
  private readonly voices: Record<Family, Voices> = { 4: noVoices(), 6: noVoices() };
  private readonly agreed = new Map<Family, string>();

  /** `changed`: our address of that family is another from now on. */
  constructor(private readonly changed: (family: Family) => void) {}

  /** `host` sees us at `address`, an IP literal. The host of a tracker may be a name. */
  vote(witness: Witness, host: string, address: string): void {
    const ip = ipBytes(address);
    if (!ip || scopeOf(ip) !== 'public') return;
    const family = familyOf(address);
    const { met, trackers } = this.voices[family];
    if (witness === 'tracker') hear(trackers, host, address, MAX_TRACKERS);
    else hear(met, subnetOf(host), address, MAX_VOICES);
    if (this.agreed.get(family) === address) return;
    const said = [...met.values(), ...trackers.values()];
    const agreeing = said.filter(other => other === address).length;
    if (agreeing < QUORUM || 2 * agreeing <= said.length) return;
    this.agreed.set(family, address);
    this.changed(family);
  }

  /** As an IP literal; null while too few agree. */
  of(family: Family): string | null {
    return this.agreed.get(family) ?? null;
  }
}

function noVoices(): Voices {
  return { met: new Map(), trackers: new Map() };
}

function hear(voices: Map<string, string>, voter: string, address: string, most: number): void {
  voices.delete(voter);
  voices.set(voter, address);
  const [oldest] = voices.keys();
  if (voices.size > most && oldest !== undefined) voices.delete(oldest);
}
