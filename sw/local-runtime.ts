/**
 * The engine of the browser by itself: files in its private file system, records in its database, peers over WebRTC, and what the web
 * serves. It is the same engine as the one that a helper gives sockets to.
 */
import { FetchHttp } from './adapters/local/http.ts';
import { LocalNet } from './adapters/local/net.ts';
import { Reach } from './adapters/local/reach.ts';
import { LocalReaders } from './adapters/local/readers.ts';
import { openRecords, problemOf, SessionRecords } from './adapters/local/session-records.ts';
import type { Folder } from './adapters/local/folder.ts';
import { LocalStore, type LocalStoreOptions } from './adapters/local/store.ts';
import { FetchWeb } from './adapters/local/web.ts';
import { after, PlatformClock, platformRandom } from './adapters/platform.ts';
import type { LentRtc } from './adapters/rtc-net.ts';
import { refusal, Session } from './engine/index.ts';
import type { Log, WebSockets } from './engine/ports.ts';
import { LocalTorrents } from './local-torrents.ts';
import type { OpenLocalFile } from './patient-reading.ts';
import { ShareNotes } from './share-notes.ts';
import type { SharingOptions } from './sharing.ts';
import { BROWSER_ROOT, type TorrentId } from './view-model.ts';

const FILES = 'starling-files';
const RECORDS = 'starling-torrents';

export interface LocalRuntimeOptions {
  readonly version: string;
  readonly rtc: LentRtc;
  readonly sockets: WebSockets;
  /** The app is at a secure address of its own: nothing may be fetched from addresses that are not. */
  readonly isSecure: boolean;
  readonly log: Log;
  readonly mark: (name: string) => void;
  readonly replaced: () => void;
}

export interface LocalRuntime {
  readonly torrents: LocalTorrents;
  /** Opens a file to be read; what it throws is for people. */
  open(id: TorrentId, file: number): OpenLocalFile;
  /** What of a file is there; see StreamingOptions of streaming.ts. */
  there(id: TorrentId, file: number, parts: number): readonly number[] | null;
  /** Takes in files that are to be shared. */
  readonly storage: Pick<SharingOptions, 'isStored' | 'deposit' | 'notes'>;
}

export function makeLocalRuntime(options: LocalRuntimeOptions): LocalRuntime {
  const { version, rtc, log, mark, sockets, replaced } = options;
  const wall = (): number => Date.now();
  const room = async (): Promise<number> => {
    const { usage = 0, quota } = await navigator.storage.estimate();
    return quota === undefined ? -1 : Math.max(0, quota - usage);
  };
  const reach = new Reach((url, init) => fetch(url, init), options.isSecure);
  let records: SessionRecords | null = null;
  const notes = new ShareNotes(() => {
    if (records !== null) return records;
    throw refusal('not-yet');
  });
  let ended: (problem: string) => void = () => undefined;
  let open: { readonly session: Session; readonly readers: LocalReaders; readonly store: LocalStore } | null = null;

  const torrents = new LocalTorrents({
    open: async gone => {
      const kept: SessionRecords =
        records ??
        new SessionRecords(
          openRecords(RECORDS, problem => {
            kept.gone(problem);
            if (records === kept) records = null;
            ended(problem);
          }),
        );
      ended = gone;
      const loaded = await kept.load();
      records = kept;
      const folder: Folder = await storageFolder();
      const store = await openStore({
        folder,
        database: FILES,
        root: BROWSER_ROOT,
        room,
        log,
        wall,
        ticks: () => performance.now(),
        after: (ms, run) => void after(ms, run),
        lost: files => open?.session.lost(files),
        gone: () => gone('The browser has closed the storage of this app.'),
      });
      const net = new LocalNet(store, store);
      const lent = rtc.port(net);
      const readers = new LocalReaders(store);
      const clock = new PlatformClock();
      const ports = {
        clock,
        random: platformRandom,
        net,
        datagrams: null,
        sockets,
        rtc: lent,
        store,
        readers,
        state: kept,
        http: new FetchHttp(reach),
        web: new FetchWeb(store, net.throttle, reach),
        portMapper: null,
        log,
      };
      const session = new Session(ports, { version });
      session.load(loaded);
      session.attach(store.kept);
      notes.settle(loaded, session, top => store.has(top));
      open = { session, readers, store };
      return {
        engine: session,
        read: (spans, done) => void store.read(spans, done),
        end: async () => {
          open = null;
          readers.end();
          rtc.forget(lent);
          clock.stop();
          await Promise.all([store.close(), kept.settled()]);
        },
      };
    },
    room,
    after,
    mark,
    replaced,
  });
  const atWork = (): NonNullable<typeof open> => {
    if (open !== null) return open;
    throw refusal('not-yet');
  };
  return {
    torrents,
    storage: { isStored: top => atWork().store.has(top), deposit: lengths => atWork().store.deposit(lengths), notes },
    open: (id, file) => {
      const { session, readers } = atWork();
      const opened = session.reading.open(id, file);
      return { path: opened.path, size: opened.size, serve: (range, isHead) => readers.serve(opened, range, isHead) };
    },
    there: (id, file, parts) => open?.session.reading.there(id, file, parts) ?? null,
  };
}

/** @throws {Error} with a sentence for people */
async function openStore(options: LocalStoreOptions): Promise<LocalStore> {
  try {
    return await LocalStore.open(options);
  } catch (error) {
    throw new Error(problemOf(error), { cause: error });
  }
}

/** @throws {Error} with a sentence for people */
async function storageFolder(): Promise<Folder> {
  try {
    const root = await navigator.storage.getDirectory();
    const folder: unknown = await root.getDirectoryHandle('files', { create: true });
    // Its types want bytes that are in no shared memory, which none of ours are.
    return folder as Folder;
  } catch (error) {
    throw new Error('This browser gives the app no storage for files. A private window, or its settings, may be why.', {
      cause: error,
    });
  }
}
