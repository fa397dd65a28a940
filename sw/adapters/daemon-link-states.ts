/** The states of the connection of this browser to its host, as a table. */

/**
 * `unpaired`: no token, or one that was refused. `following`: the host is there, and the lease is not ours. `welcomed`: it is, and the
 * io-daemon is not there yet, or no more. `lost`: waits before it tries again. `superseded`: a newer connection of this browser
 * took over; it does not fight back unless asked. `oldHelper`, `oldApp`: the host, or this app, is too old for the other one.
 * `resting`: nobody needs it.
 */
export type LinkState =
  | 'unpaired'
  | 'connecting'
  | 'following'
  | 'welcomed'
  | 'linked'
  | 'lost'
  | 'superseded'
  | 'oldHelper'
  | 'oldApp'
  | 'resting'
  | 'closed';

export type LinkInput =
  | 'paired'
  | 'retry'
  | 'refused'
  | 'granted'
  | 'leaseGone'
  | 'ioOpened'
  | 'ioClosed'
  | 'controlClosed'
  | 'superseded'
  | 'oldHelper'
  | 'oldApp'
  | 'rest'
  | 'wake'
  | 'close';

/** Every move there is; an input that a state does not list leaves it as it is. */
export const MOVES: Readonly<Record<LinkState, Partial<Record<LinkInput, LinkState>>>> = {
  unpaired: { paired: 'connecting', close: 'closed' },
  connecting: {
    paired: 'connecting',
    granted: 'welcomed',
    leaseGone: 'following',
    refused: 'unpaired',
    controlClosed: 'lost',
    superseded: 'superseded',
    oldHelper: 'oldHelper',
    oldApp: 'oldApp',
    rest: 'resting',
    close: 'closed',
  },
  following: {
    paired: 'connecting',
    retry: 'connecting',
    refused: 'unpaired',
    granted: 'welcomed',
    controlClosed: 'lost',
    superseded: 'superseded',
    rest: 'resting',
    close: 'closed',
  },
  welcomed: {
    paired: 'connecting',
    refused: 'unpaired',
    ioOpened: 'linked',
    leaseGone: 'following',
    controlClosed: 'lost',
    superseded: 'superseded',
    rest: 'resting',
    close: 'closed',
  },
  linked: {
    paired: 'connecting',
    refused: 'unpaired',
    ioClosed: 'welcomed',
    leaseGone: 'following',
    controlClosed: 'lost',
    superseded: 'superseded',
    rest: 'resting',
    close: 'closed',
  },
  lost: { paired: 'connecting', retry: 'connecting', refused: 'unpaired', rest: 'resting', close: 'closed' },
  superseded: { paired: 'connecting', retry: 'connecting', rest: 'resting', close: 'closed' },
  oldHelper: { paired: 'connecting', retry: 'connecting', rest: 'resting', close: 'closed' },
  oldApp: { paired: 'connecting', retry: 'connecting', rest: 'resting', close: 'closed' },
  resting: { paired: 'connecting', wake: 'connecting', close: 'closed' },
  closed: {},
};
