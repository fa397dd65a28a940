/**
 * What of another browser's torrents is looked at closely: one over the channel of its list, and each further one over a channel of its own.
 */
import { API_VERSION } from './api.ts';
import type { FarChannel, FarEvents } from './far-channel.ts';
import type { FromFar } from './far-messages.ts';
import { FileMirror } from './relayed-files.ts';
import type { FilesChanged, FilesPart } from './relayed.ts';
import type { DetailPart, TorrentDetail, TorrentId } from './view-model.ts';

/** Those that are looked at at once. */
const MAX_VIEWS = 8;

interface View {
  readonly id: TorrentId;
  readonly part: DetailPart | null;
  /** Null for the one of the list. */
  readonly channel: FarChannel | null;
  readonly files: FileMirror;
  /** Without its files, and with them. */
  head: TorrentDetail | null;
  detail: TorrentDetail | null;
  askedAt: number;
}

interface Ways {
  /** A new channel to the browser at work. */
  open(events: FarEvents): FarChannel;
  /** What comes over a channel: `hear` takes it, once it is known to be what it should, and gives false for what does not fit. */
  hear(channel: FarChannel, message: unknown, hear: (message: FromFar) => boolean): void;
  /** Has the channel of the list show that torrent from now on; null: none. */
  watch(id: TorrentId | null, part: DetailPart | null): void;
}

export class FarViews {
  /** By {@link keyOf}. */
  private readonly views = new Map<string, View>();

  constructor(private readonly ways: Ways) {}

  /** Null until it has come. It is looked at from now on. */
  detail(id: TorrentId, part: DetailPart | null): TorrentDetail | null {
    const view = this.views.get(keyOf(id, part)) ?? this.view(id, part);
    if (view !== null) view.askedAt = performance.now();
    return view?.detail ?? null;
  }

  /** It came over the channel of the list. */
  hearDetail(detail: TorrentDetail): void {
    show(this.viewOver(null), detail);
  }

  /** Likewise; false where they do not fit to what was said before. */
  hearFiles(message: FilesPart | FilesChanged): boolean {
    return showFiles(this.viewOver(null), message);
  }

  /** Those that nobody has asked for since then are not looked at any more; without a time, none is. */
  leave(since = Infinity): void {
    for (const view of [...this.views.values()]) {
      if (view.askedAt > since) continue;
      this.views.delete(keyOf(view.id, view.part));
      if (view.channel !== null) view.channel.close();
      else this.ways.watch(null, null);
    }
  }

  private view(id: TorrentId, part: DetailPart | null): View | null {
    if (this.views.size >= MAX_VIEWS) return null;
    const channel = this.viewOver(null) ? this.channel(id, part) : null;
    const view: View = { id, part, channel, files: new FileMirror(), head: null, detail: null, askedAt: performance.now() };
    this.views.set(keyOf(id, part), view);
    if (channel === null) this.ways.watch(id, part);
    return view;
  }

  private channel(id: TorrentId, part: DetailPart | null): FarChannel {
    const channel = this.ways.open({
      message: message => {
        const view = this.viewOver(channel);
        if (view) this.ways.hear(channel, message, said => hear(view, said));
      },
      closed: () => {
        const view = this.viewOver(channel);
        if (view) this.views.delete(keyOf(view.id, view.part));
      },
    });
    channel.send({ type: 'connect', version: API_VERSION, list: false });
    channel.send({ type: 'watch', visible: true, detail: id, part });
    return channel;
  }

  /** Null: the channel of the list. */
  private viewOver(channel: FarChannel | null): View | undefined {
    return [...this.views.values()].find(view => view.channel === channel);
  }
}

/** What is told once, and the list, come over the channel of the list alone. */
function hear(view: View, message: FromFar): boolean {
  if (message.type === 'files' || message.type === 'filesChanged') return showFiles(view, message);
  if (message.type === 'delta' && message.detail !== null) show(view, message.detail);
  return true;
}

function show(view: View | undefined, detail: TorrentDetail): void {
  if (view?.id !== detail.id) return;
  view.head = detail;
  compose(view);
}

function showFiles(view: View | undefined, message: FilesPart | FilesChanged): boolean {
  if (view?.id !== message.torrent) return true;
  if (!view.files.hear(message)) return false;
  compose(view);
  return true;
}

/** A list of files is shown whole: what is asked for may be about all of them. */
function compose(view: View): void {
  if (view.head !== null && view.files.whole !== null) view.detail = { ...view.head, ...view.files.whole };
}

/** One torrent may be looked at in several ways. */
function keyOf(id: TorrentId, part: DetailPart | null): string {
  return `${id} ${part ?? ''}`;
}
