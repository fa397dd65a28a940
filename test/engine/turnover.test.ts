import { describe, expect, test } from 'vitest';
import { Peer } from '../../sw/engine/peer.ts';
import { Turnover, yieldsTo } from '../../sw/engine/turnover.ts';

const MINUTE = 60_000;

function peers(count: number, openedAt = 0): Map<number, Peer> {
  return new Map(
    Array.from({ length: count }, (_, conn) => {
      const peer = new Peer(conn, `10.0.0.${conn}:1`, false, openedAt, () => undefined, 0);
      peer.stage = 'open';
      return [conn, peer];
    }),
  );
}

const byConn = (peer: Peer): number => peer.conn;

describe('the turnover of a full torrent', () => {
  test('parts each five minutes with one in 25, where others wait', () => {
    const all = peers(80);
    const turnover = new Turnover();
    const parted: number[][] = [];
    for (let now = 0; now <= 11 * MINUTE; now += 1000) {
      const due = turnover.due(all, 80, () => true, byConn, now);
      if (due.length > 0) parted.push(due.map(byConn));
    }
    expect(parted).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
  });

  test('parts with nobody where nobody waits, or there is room', () => {
    const turnover = new Turnover();
    for (let now = 0; now <= 11 * MINUTE; now += 1000) {
      expect(turnover.due(peers(80), 80, () => false, byConn, now)).toEqual([]);
      expect(turnover.due(peers(71), 80, () => true, byConn, now)).toEqual([]);
    }
  });

  test('keeps those who give, then those who want, whatever their rank', () => {
    const all = peers(80);
    for (let conn = 0; conn < 78; conn++) all.get(conn)?.down.add(100_000, 5 * MINUTE - 500);
    all.get(78)!.peerInterested = true;
    const turnover = new Turnover();
    turnover.due(all, 80, () => true, byConn, 0);
    expect(turnover.due(all, 80, () => true, byConn, 5 * MINUTE).map(byConn)).toEqual([79, 78, 0]);
  });
});

describe('a newcomer where there is no room', () => {
  test('takes the place of the lowest rank that gives and gets nothing, if it ranks higher', () => {
    const all = peers(3);
    all.get(0)?.up.add(100_000, 5 * MINUTE - 500);
    expect(yieldsTo(10, all.values(), byConn, 5 * MINUTE)?.conn).toBe(1);
    expect(yieldsTo(1, all.values(), byConn, 5 * MINUTE)).toBeNull();
  });

  test('does not oust one who has only just come', () => {
    expect(yieldsTo(10, peers(3, 5 * MINUTE).values(), byConn, 5 * MINUTE + 30_000)).toBeNull();
  });
});
