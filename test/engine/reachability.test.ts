import { describe, expect, test } from 'vitest';
import { Reachability } from '../../sw/engine/dht/reachability.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Minute by minute, with so many nodes known. */
function pass(reach: Reachability, from: number, to: number, known = 100): void {
  for (let now = from; now <= to; now += MINUTE) reach.tick(known, now);
}

describe('a node that no stranger reaches (BEP 43)', () => {
  test('is read-only after a quarter of an hour, tries again after two hours, and is so again', () => {
    const reach = new Reachability(0);
    pass(reach, 0, 14 * MINUTE);
    expect(reach.isReadOnly).toBe(false);
    pass(reach, 15 * MINUTE, 16 * MINUTE);
    expect(reach.isReadOnly).toBe(true);
    pass(reach, 17 * MINUTE, 2 * HOUR + 14 * MINUTE);
    expect(reach.isReadOnly).toBe(true);
    pass(reach, 2 * HOUR + 15 * MINUTE, 2 * HOUR + 29 * MINUTE);
    expect(reach.isReadOnly).toBe(false);
    pass(reach, 2 * HOUR + 30 * MINUTE, 2 * HOUR + 31 * MINUTE);
    expect(reach.isReadOnly).toBe(true);
  });

  test('does not judge itself while it knows hardly anybody who could have told of it', () => {
    const reach = new Reachability(0);
    pass(reach, 0, 5 * HOUR, 7);
    expect(reach.isReadOnly).toBe(false);
  });

  test('is reached as soon as one asks that it sent nothing to, not by who may only come back in', () => {
    const reach = new Reachability(0);
    pass(reach, 0, 16 * MINUTE);
    reach.sentTo('10.0.0.1', 16 * MINUTE);
    reach.askedBy('10.0.0.1', 20 * MINUTE);
    expect(reach.isReadOnly).toBe(true);
    reach.askedBy('10.0.0.2', 20 * MINUTE);
    expect(reach.isReadOnly).toBe(false);
    pass(reach, 21 * MINUTE, 2 * HOUR + 19 * MINUTE);
    expect(reach.isReadOnly).toBe(false);
  });

  test('counts an address as new ten minutes after it was last sent to', () => {
    const reach = new Reachability(0);
    pass(reach, 0, 16 * MINUTE);
    reach.sentTo('10.0.0.1', 16 * MINUTE);
    reach.askedBy('10.0.0.1', 26 * MINUTE);
    expect(reach.isReadOnly).toBe(false);
  });
});
