/** Serves api.ts to every open window: the list, then what changes of it; answers to commands; the detail looked at. */
import { API_VERSION, type Answer, type ApiError, type Command, type FromWorker, type LeftFiles, type ToWorker } from './api.ts';
import type { Connection, DetailPart, News, RootRow, Settings, TorrentDetail, TorrentId, TorrentRow } from './view-model.ts';
import { parseToWorker, requestIdOf } from './commands.ts';
import { apiError } from './api-error.ts';
import { type Said, said } from './said.ts';
import { same } from './same.ts';

/** What there is to show and to do. */
export interface Backend {
  rows(): readonly TorrentRow[];
  /** What changed since the last call. */
  takeChanges(): {
    readonly rows: readonly TorrentRow[];
    readonly removed: readonly TorrentId[];
    readonly left: readonly LeftFiles[];
    /** What of it a browser that follows this one is told, where that is not all. */
    readonly shared?: {
      readonly rows: readonly TorrentRow[];
      readonly removed: readonly TorrentId[];
      readonly left: readonly LeftFiles[];
    };
  };
  /** What happened while no window was open; it is then forgotten. */
  takeNews(): readonly News[];
  /** What the helper has to say to the person at this browser; it is then forgotten. */
  takeNotices(): readonly Said[];
  detail(id: TorrentId, part?: DetailPart | null): TorrentDetail | null;
  connection(): Connection;
  roots(): readonly RootRow[];
  /** Null while there is no engine to ask. */
  settings(): Settings | null;
  /** Resolves to what `add` put there, the page of a folder or what was asked, null for all others; rejects with an {@link ApiError}. */
  run(command: Command): Promise<Answer | null>;
  /** What a browser that follows this one is shown and may do, where that is not all: nothing of this browser by itself. */
  readonly shared?: Omit<Backend, 'shared'>;
}

/** What windows say that is not for the backend. */
export interface WindowEvents {
  /** A window shows what it was handed. */
  shown(handoff: number): void;
  /** A window has got the focus. */
  focused(): void;
  /** Another window is in view, or one is gone. */
  windowsChanged(): void;
}

/** Deltas come at most this often, in ms. */
const PERIOD = 500;
/** A part of a detail that is made for who looks at it alone comes at most this often, in ms. */
const PART_PERIOD = 900;
/** A detail is made at most so often that making it takes this part of the time: that of 100,000 files is long. */
const DETAIL_SHARE = 0.05;
/** Of this browser; those that follow it are counted where they come in. */
const MAX_WINDOWS = 64;
/** Commands of one window that are under way; one more is refused. */
const MAX_COMMANDS = 1_000;

type Changes = ReturnType<Backend['takeChanges']>;
const NOTHING: Changes = { rows: [], removed: [], left: [] };

/** What a window is talked to over. */
export interface WindowPort {
  post(message: FromWorker): void;
  close(): void;
  /** Called once: `hear` has what the window says, `closed` that it is gone. */
  listen(hear: (message: unknown) => void, closed: () => void): void;
}

/** Commands that are about the browser they are given in, and so for none that follows this one. */
const LOCAL: ReadonlySet<Command['do']> = new Set<Command['do']>(['pair', 'unpair', 'reconnect', 'take']);

interface Window {
  readonly port: WindowPort;
  readonly client: string;
  /** It is one of a browser that follows this one. */
  readonly isRelayed: boolean;
  /** It is sent the list, and what is told once; else details alone. */
  readonly hasList: boolean;
  visible: boolean;
  /** The higher, the later it got the focus; 0: never. */
  focused: number;
  watched: TorrentId | null;
  part: DetailPart | null;
  /** What it was last sent. */
  connection: Connection | null;
  roots: readonly RootRow[] | null;
  settings: Settings | null;
  detail: TorrentDetail | null;
  /** When its next detail may be made, as of performance.now(). */
  detailAt: number;
  commands: number;
}

export class ApiServer {
  private readonly backend: Backend;
  private readonly events: WindowEvents;
  private focuses = 0;
  private readonly windows = new Map<string, Window>();
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(backend: Backend, events: WindowEvents) {
    this.backend = backend;
    this.events = events;
  }

  /** Serves a window over `port` until it goes; `client` tells windows apart. One of another version is told so, and no more. */
  connect(port: MessagePort, client: string, version: unknown): void {
    this.serve(windowPort(port), client, version, { isRelayed: false, hasList: true });
  }

  /** Serves a browser that follows this one as if it were a window, until it goes; without `hasList` it is sent details alone. */
  connectRelayed(port: WindowPort, client: string, version: unknown, hasList: boolean): void {
    this.serve(port, client, version, { isRelayed: true, hasList });
  }

  private serve(port: WindowPort, client: string, version: unknown, kind: Pick<Window, 'isRelayed' | 'hasList'>): void {
    const own = [...this.windows.values()].filter(({ isRelayed }) => !isRelayed).length;
    if (!kind.isRelayed && own >= MAX_WINDOWS && !this.windows.has(client)) {
      port.close();
      return;
    }
    if (version !== API_VERSION) {
      const connection = this.backend.connection();
      post(port, { type: 'snapshot', version: API_VERSION, torrents: [], connection, roots: [], settings: null });
      port.close();
      return;
    }
    this.windows.get(client)?.port.close();
    const window: Window = {
      port,
      client,
      ...kind,
      visible: true,
      focused: 0,
      watched: null,
      part: null,
      connection: null,
      roots: null,
      settings: null,
      detail: null,
      detailAt: 0,
      commands: 0,
    };
    this.windows.set(client, window);
    port.listen(
      message => this.hear(window, message),
      () => this.forget(window),
    );
    this.sendSnapshot(window);
    this.run();
  }

  /**
   * Hands something to the window in view that had the focus last, or of those that never had it to any, and gives that
   * window; null where none is in view.
   */
  hand(message: Extract<FromWorker, { readonly type: 'handoff' }>): string | null {
    const inView = [...this.windows.values()].filter(({ visible, hasList }) => visible && hasList);
    const window = inView.reduce<Window | null>((best, each) => (each.focused > (best?.focused ?? -1) ? each : best), null);
    if (window === null) return null;
    // The row is there before what speaks of it.
    this.sendDeltas();
    post(window.port, message);
    return window.client;
  }

  has(client: string): boolean {
    return this.windows.has(client);
  }

  /** Forgets the windows of this browser that are not among these. */
  keepOnly(clients: ReadonlySet<string>): void {
    for (const window of [...this.windows.values()]) {
      if (window.isRelayed || clients.has(window.client)) continue;
      window.port.close();
      this.forget(window);
    }
  }

  /** Everything may be another now: the windows that are looked at get it whole. */
  reset(): void {
    for (const window of this.windows.values()) if (window.visible) this.sendSnapshot(window);
  }

  private hear(window: Window, data: unknown): void {
    const message = parseToWorker(data);
    if (message === null) {
      const id = requestIdOf(data);
      if (id !== null) reply(window, id, said('malformed'));
      return;
    }
    switch (message.type) {
      case 'watch':
        this.watch(window, message);
        break;
      case 'focus':
        window.focused = ++this.focuses;
        this.events.focused();
        break;
      case 'shown':
        this.events.shown(message.handoff);
        break;
      case 'command':
        void this.obey(window, message.id, message.command);
        break;
      default:
        message satisfies never;
    }
  }

  private watch(window: Window, { visible, detail: watched, part }: Extract<ToWorker, { readonly type: 'watch' }>): void {
    const shown = visible && !window.visible;
    window.visible = visible;
    if (window.watched !== watched || window.part !== part || shown) {
      window.watched = watched;
      window.part = part;
      window.detail = null;
      window.detailAt = 0;
    }
    if (shown) this.sendSnapshot(window);
    if (visible) this.events.windowsChanged();
    if (visible && watched !== null) this.sendDelta(window, NOTHING);
    this.run();
  }

  private async obey(window: Window, id: number, command: Command): Promise<void> {
    if (window.isRelayed && LOCAL.has(command.do)) {
      reply(window, id, said('elsewhere'));
      return;
    }
    if (window.commands >= MAX_COMMANDS) {
      reply(window, id, said('too-many-commands'));
      return;
    }
    window.commands++;
    try {
      const answer = await this.of(window).run(command);
      // What the command changed is there before its answer.
      this.sendDeltas();
      if (answer !== null && 'folders' in answer) post(window.port, { type: 'folder', id, page: answer });
      else if (answer !== null && 'told' in answer) post(window.port, { type: 'told', id, told: answer });
      else post(window.port, { type: 'reply', id, error: null, added: answer });
    } catch (error) {
      reply(window, id, apiError(error));
    } finally {
      window.commands--;
    }
  }

  /** Ticks as long as someone looks. */
  private run(): void {
    if (this.timer !== null || ![...this.windows.values()].some(({ visible }) => visible)) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      this.sendDeltas();
      this.run();
    }, PERIOD);
  }

  private sendDeltas(): void {
    const windows = [...this.windows.values()].filter(({ visible }) => visible);
    if (windows.length === 0) return;
    // What is told once waits for a window that shows it.
    const isShown = windows.some(({ hasList }) => hasList);
    const changes = isShown ? this.backend.takeChanges() : NOTHING;
    const news = isShown ? this.backend.takeNews() : [];
    const isHere = windows.some(({ isRelayed }) => !isRelayed);
    const notices = isHere ? this.backend.takeNotices() : [];
    for (const window of windows) {
      const own = !window.hasList ? NOTHING : window.isRelayed ? (changes.shared ?? changes) : changes;
      this.sendDelta(window, own);
      if (!window.hasList) continue;
      for (const left of own.left) post(window.port, { type: 'left', left });
      if (news.length > 0) post(window.port, { type: 'news', news });
      if (!window.isRelayed) for (const said of notices) post(window.port, { type: 'notice', said });
    }
  }

  private sendSnapshot(window: Window): void {
    const backend = this.of(window);
    window.connection = backend.connection();
    window.roots = backend.roots();
    window.settings = backend.settings();
    // The engine may be another: what it says of the torrent looked at is sent anew, also where it is the same.
    window.detail = null;
    window.detailAt = 0;
    if (!window.hasList) return;
    const torrents = backend.rows();
    post(window.port, {
      type: 'snapshot',
      version: API_VERSION,
      torrents,
      connection: window.connection,
      roots: window.roots,
      settings: window.settings,
    });
  }

  private sendDelta(window: Window, changes: Changes): void {
    const backend = this.of(window);
    const connection = backend.connection();
    const roots = backend.roots();
    const isOther = !same(connection, window.connection);
    const areOther = !same(roots, window.roots);
    const settings = this.newSettings(window);
    const detail = this.newDetail(window);
    const isNew = isOther || areOther || settings !== null || detail !== null;
    if (changes.rows.length === 0 && changes.removed.length === 0 && !isNew) return;
    window.connection = connection;
    window.roots = roots;
    post(window.port, {
      type: 'delta',
      torrents: changes.rows,
      removed: changes.removed,
      connection: isOther ? connection : null,
      roots: areOther ? roots : null,
      settings,
      detail,
    });
  }

  private newSettings(window: Window): Settings | null {
    const settings = this.of(window).settings();
    if (settings === null || same(settings, window.settings)) return null;
    window.settings = settings;
    return settings;
  }

  private newDetail(window: Window): TorrentDetail | null {
    const start = performance.now();
    if (window.watched === null || start < window.detailAt) return null;
    const detail = this.of(window).detail(window.watched, window.part);
    const isOther = detail !== null && !same(detail, window.detail);
    const end = performance.now();
    window.detailAt = end + Math.max((end - start) / DETAIL_SHARE, window.part === null ? 0 : PART_PERIOD);
    if (!isOther) return null;
    window.detail = detail;
    return detail;
  }

  private of({ isRelayed }: Window): Omit<Backend, 'shared'> {
    return isRelayed ? (this.backend.shared ?? this.backend) : this.backend;
  }

  private forget(window: Window): void {
    if (this.windows.get(window.client) !== window) return;
    this.windows.delete(window.client);
    this.events.windowsChanged();
  }
}

function windowPort(port: MessagePort): WindowPort {
  return {
    post: message => port.postMessage(message),
    close: () => port.close(),
    listen(hear, closed) {
      port.onmessage = ({ data }: MessageEvent<unknown>) => hear(data);
      port.addEventListener('close', closed);
    },
  };
}

function post(port: WindowPort, message: FromWorker): void {
  port.post(message);
}

function reply({ port }: Window, id: number, error: ApiError): void {
  post(port, { type: 'reply', id, error, added: null });
}
