/** A browser at work and one that follows it, in one process. */
import { afterEach } from 'vitest';
import type { Command, Told } from '../../sw/api.ts';
import { ApiServer, type Backend } from '../../sw/api-server.ts';
import { DEFAULT_SETTINGS } from '../../sw/engine/settings.ts';
import type { FarChannel, FarEvents } from '../../sw/far-channel.ts';
import { Following } from '../../sw/following.ts';
import type { Lender } from '../../sw/lent-reads.ts';
import type { FromHolder } from '../../sw/relayed.ts';
import { serveRelayed } from '../../sw/relayed-windows.ts';
import type { Connection, DetailPart, News, PortMappings, TorrentDetail } from '../../sw/view-model.ts';
import { FakeTimers } from '../fakes/sockets.ts';
import { A, B, detail, row } from './rows.ts';

const PORTS: PortMappings = {
  state: 'open',
  via: 'pcp',
  externalAddress: '',
  problem: '',
  mappings: [],
  pinholes: { state: 'none', via: '', address: '' },
};
export const told: News = { id: A, name: 'x', what: 'completed', at: 1 };
/** Nothing is read here. */
export const lender: Lender = {
  open: () => Promise.reject(new Error('not opened')),
  port: () => null,
  grants: { give: () => () => undefined },
};

class FakeBackend implements Backend {
  list = [row(A), row(B)];
  changes: ReturnType<Backend['takeChanges']> = { rows: [], removed: [], left: [] };
  readonly commands: Command[] = [];
  told: Told | null = null;
  failure: Error | null = null;
  onRun: (command: Command) => void = () => undefined;

  rows = () => this.list;
  takeChanges = () => {
    const { changes } = this;
    this.changes = { rows: [], removed: [], left: [] };
    return changes;
  };
  news: News[] = [];
  takeNews = () => this.news.splice(0);
  takeNotices = () => [];
  details: (id: string, part: DetailPart | null) => TorrentDetail = detail;
  detail = (id: string, part: DetailPart | null = null) => this.details(id, part);
  connection = () => ({ state: 'connected', ports: PORTS }) as Connection;
  roots = () => [];
  settings = () => DEFAULT_SETTINGS;
  run = (command: Command) => {
    this.commands.push(command);
    this.onRun(command);
    return this.failure === null
      ? Promise.resolve(command.do === 'add' ? { id: A, already: false, brought: true, isBack: false } : this.told)
      : Promise.reject(this.failure);
  };
}

/** The channels of the test that runs, at both ends. */
export const ends: { here: FarEvents; there: FarEvents }[] = [];
afterEach(() => {
  for (const { there } of ends.splice(0)) there.closed();
});

/** A browser at work, and one that follows it; what is said between them goes as plain messages. */
export function setUp() {
  const backend = new FakeBackend();
  const shown: number[] = [];
  const working = new ApiServer(backend, {
    shown: handoff => shown.push(handoff),
    focused: () => undefined,
    windowsChanged: () => undefined,
  });
  const timers = new FakeTimers();
  const said: unknown[] = [];
  const sent: FromHolder[] = [];
  let replaced = 0;
  /** What came back, and over which channel. */
  const answered: [number, FromHolder['type']][] = [];
  const open = (here: FarEvents): FarChannel => {
    const number = ends.length + 1;
    let isOpen = true;
    const close = (): void => {
      isOpen = false;
    };
    const back: FarChannel = {
      send: message => {
        answered.push([number, (message as FromHolder).type]);
        sent.push(message as FromHolder);
        queueMicrotask(() => isOpen && here.message(structuredClone(message)));
      },
      close() {
        close();
        here.closed();
      },
    };
    const there = serveRelayed(working, lender, back, number);
    ends.push({ here, there });
    return {
      send(message) {
        said.push(message);
        queueMicrotask(() => isOpen && there.message(structuredClone(message)));
      },
      close() {
        if (isOpen) there.closed();
        close();
      },
    };
  };
  const following: Following = new Following({
    open,
    after: timers.after,
    replaced: () => replaced++,
    hand: ({ handoff }) => following.shown(handoff),
  });
  const ids = (): string[] | undefined => following.rows()?.map(({ id }) => id);
  return { backend, working, shown, following, timers, said, sent, answered, ids, replaced: () => replaced };
}
