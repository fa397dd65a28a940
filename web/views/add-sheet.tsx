import { useSignal } from '@preact/signals';
import { Check, LoaderCircle, X } from 'lucide';
import type { ComponentChildren, JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { FilePriority, RootRow, TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { cancel, current, queue, start, startAll, type Adding } from '../adding.ts';
import { formatAbout, isolated, shownName } from '../format.ts';
import { askToKeep } from '../persistence.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Filled } from '../ui/filled.tsx';
import { Icon } from '../ui/icon.tsx';
import { translated } from '../told.ts';
import { words } from '../words/words.ts';
import { FileList } from './file-list.tsx';
import { ProblemNote } from './problem-note.tsx';
import { cannotHost, QuickOffer } from './quick-offer.tsx';

/** What is about to be downloaded: appears at once, fills in as answers come, and downloads nothing before Start. */
export function AddSheet(): JSX.Element | null {
  const item = current.value;
  return item === null ? null : <Sheet key={item.key} item={item} />;
}

function Sheet({ item }: { item: Adding }): JSX.Element {
  void store.revision.value;
  const row = item.id === null ? undefined : store.row(item.id)?.value;
  const detail = store.detail.value?.id === item.id ? store.detail.value : null;
  const waiting = queue.value.length;
  return (
    <Dialog labelledBy="sheet-title" class="sheet" focusSelf onCancel={() => cancel(item)}>
      <div class="sheet-head">
        <h2 id="sheet-title">
          <bdi>{shownName(row === undefined || row.name === '' ? item.label : row.name)}</bdi>
        </h2>
        <span class="quiet">
          {waiting > 1
            ? words.add.firstOf({ count: waiting })
            : item.source?.kind === 'file'
              ? words.add.file()
              : words.add.magnet()}
        </span>
      </div>
      {cannotHost() !== '' ? (
        <Unhosted item={item} />
      ) : item.refused === null || item.id !== null ? (
        <>
          {(item.source?.kind !== 'file' || detail?.hasMetadata !== true) && <Steps item={item} row={row} detail={detail} />}
          {row !== undefined && <ProblemNote row={row} />}
          <Choice item={item} detail={detail} />
        </>
      ) : (
        <>
          <p class="note note-bad" role="alert">
            {item.refused}
          </p>
          <div class="dialog-actions">
            <button type="button" class="button button-main" onClick={() => cancel(item)}>
              {words.common.close()}
            </button>
          </div>
        </>
      )}
    </Dialog>
  );
}

function Unhosted({ item }: { item: Adding }): JSX.Element {
  return (
    <>
      <QuickOffer why={cannotHost()} source={item.source} />
      <div class="dialog-actions">
        <button type="button" class="button" onClick={() => cancel(item)}>
          {words.common.cancel()}
        </button>
      </div>
    </>
  );
}

interface StepsProps {
  readonly item: Adding;
  readonly row: TorrentRow | undefined;
  readonly detail: TorrentDetail | null;
}

/** How far a magnet link is on its way to a list of files. */
function Steps({ item, row, detail }: StepsProps): JSX.Element {
  if (item.id === null || row === undefined) {
    return (
      <StepList>
        <Step state="going">{store.link.value === 'open' ? words.add.reading() : words.add.waitingForEngine()}</Step>
      </StepList>
    );
  }
  const all = detail?.trackers ?? [];
  const trackers = all.filter(({ state }) => state !== 'unsupported' && state !== 'out-of-reach');
  const beyond = all.filter(({ state }) => state === 'out-of-reach').length;
  const answered = trackers.filter(tracker => tracker.state === 'ok').length;
  const failed = trackers.filter(tracker => tracker.state === 'error').length;
  return (
    <StepList>
      {trackers.length > 0 &&
        (answered > 0 ? (
          <Step state="done">{words.add.trackersAnswered({ count: answered })}</Step>
        ) : failed === trackers.length ? (
          <Step state="failed">{words.add.noTracker()}</Step>
        ) : (
          <Step state="going">{words.add.askingTrackers({ count: trackers.length })}</Step>
        ))}
      {beyond > 0 && <Step state="failed">{words.add.trackersBeyond({ count: beyond })}</Step>}
      {row.peers > 0 ? (
        <Step state="done">{words.add.peersFound({ count: row.peers })}</Step>
      ) : (
        <Step state="going">{words.add.lookingForPeers()}</Step>
      )}
      {detail?.hasMetadata === true ? (
        <Step state="done">{words.add.listReceived()}</Step>
      ) : (
        <Step state="going">{words.add.waitingForList()}</Step>
      )}
    </StepList>
  );
}

function StepList({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <div role="status">
      <ul class="steps">{children}</ul>
    </div>
  );
}

const STEP_ICONS = { done: Check, going: LoaderCircle, failed: X } as const;

function Step({ state, children }: { state: keyof typeof STEP_ICONS; children: ComponentChildren }): JSX.Element {
  return (
    <li class={`step step-${state}`}>
      <Icon of={STEP_ICONS[state]} size={13} />
      {children}
    </li>
  );
}

/** Where it goes: what is in this browser by itself stays there, all else goes to a folder. */
function folderOf(item: Adding, chosen: string): RootRow | null {
  const row = item.id === null ? undefined : store.row(item.id)?.value;
  if (row?.root === BROWSER_ROOT) return store.place.value;
  return store.folders.value.find(({ token }) => token === chosen) ?? store.defaultRoot.value;
}

/** The files, where they go, and Start: that may be pressed before the list of files is there. */
function Choice({ item, detail }: { item: Adding; detail: TorrentDetail | null }): JSX.Element {
  /** Kept while the engine has forgotten them: they cannot be others when they come back. */
  const known = useRef<Pick<TorrentDetail, 'files' | 'pieceLength'>>({ files: [], pieceLength: 0 });
  if (detail?.hasMetadata === true) known.current = detail;
  const { files, pieceLength } = known.current;
  /** What was chosen here; null as long as nothing was touched. */
  const chosen = useSignal<readonly FilePriority[] | null>(null);
  const root = useSignal('');
  const busy = useSignal(false);
  const folder = folderOf(item, root.value);
  const isHere = folder?.token === BROWSER_ROOT;
  const inMemory = store.memory.value;
  const priority = (file: number): FilePriority => chosen.value?.[file] ?? files[file]?.priority ?? 'normal';
  const wanted = files.filter((_, index) => priority(index) !== 'skip');
  const selected = wanted.reduce((sum, { size }) => sum + size, 0);
  const none = files.length > 0 && wanted.length === 0;
  const sizes = files.map(({ size }) => size);
  const needed = inMemory?.heldBytes(sizes, pieceLength, file => priority(file) !== 'skip') ?? selected;
  // What is held in memory has to be known, and to fit.
  const isRefused = inMemory !== null && (files.length === 0 || isShort(needed, folder?.free ?? 0));
  const others = queue.value.length > 1;

  const prioritise = (changed: readonly number[], to: FilePriority): void => {
    const next = files.map((_, index) => priority(index));
    for (const file of changed) next[file] = to;
    chosen.value = next;
  };
  const go = (begin: (tokenOf: (one: Adding) => string) => Promise<unknown>): void => {
    if (folder === null) return;
    busy.value = true;
    if (isHere && inMemory === null) void askToKeep();
    void begin(one => folderOf(one, root.value)?.token ?? folder.token).then(() => (busy.value = false));
  };

  return (
    <>
      {files.length > 0 && (
        <div class="sheet-files">
          <FileList files={files} names={0} priority={priority} progress={false} onPrioritise={prioritise} />
        </div>
      )}
      {item.refused !== null && (
        <p class="note note-bad" role="alert">
          {item.refused}
        </p>
      )}
      <div class="sheet-foot">
        <div class="sheet-sum">
          {folder === null ? (
            inMemory === null && <Folder chosen="" onChoose={token => (root.value = token)} />
          ) : (
            <Destination
              where={inMemory !== null ? 'memory' : isHere ? 'browser' : 'folder'}
              selected={files.length === 0 ? null : selected}
              free={folder.free}
              folder={<Folder chosen={folder.token} onChoose={token => (root.value = token)} />}
            />
          )}
          {folder !== null && isShort(needed, folder.free) && (
            <p class="tone-warn" role="status">
              {inMemory !== null ? inMemory.tooLarge(needed, folder.free) : isHere ? words.add.shortHere() : words.add.short()}
            </p>
          )}
          {folder !== null && folder.problem !== '' && <p class="tone-bad">{translated(folder.problem)}</p>}
        </div>
        <div class="dialog-actions">
          <button type="button" class="button" onClick={() => cancel(item)}>
            {words.common.cancel()}
          </button>
          {others && (
            <button
              type="button"
              class="button"
              disabled={folder === null || busy.value || queue.value.some(other => other.id === null)}
              onClick={() => go(startAll)}
            >
              {words.add.startAll({ count: queue.value.length })}
            </button>
          )}
          <button
            type="button"
            class="button button-main"
            disabled={folder === null || item.id === null || none || busy.value || isRefused}
            onClick={() => go(tokenOf => start(item, chosen.value, tokenOf(item)))}
          >
            {words.add.start()}
          </button>
        </div>
      </div>
    </>
  );
}

interface DestinationProps {
  readonly where: 'memory' | 'browser' | 'folder';
  /** Bytes; null while the files are not known. */
  readonly selected: number | null;
  /** Bytes, -1 where that is not known. */
  readonly free: number;
  readonly folder: ComponentChildren;
}

/** Where the files go, and whether there is room. */
function Destination({ where, selected, free, folder }: DestinationProps): JSX.Element {
  const { goes, room, roomShort, roomUnknown } = words.add;
  if (selected === null) return <Filled text={places => goes({ where, ...places })} parts={{ folder }} />;
  const short = isShort(selected, free);
  const text = free < 0 ? roomUnknown : short ? roomShort : room;
  const sizes = { selected: selected === 0 ? 'none' : formatAbout(selected), free: formatAbout(free) };
  return (
    <span class={short ? 'tone-warn' : ''}>
      <Filled text={places => text({ where, ...sizes, ...places })} parts={{ folder }} />
    </span>
  );
}

function isShort(selected: number, free: number): boolean {
  return free >= 0 && selected > free;
}

/** One of the folders known, to be chosen where there are several. */
function Folder({ chosen, onChoose }: { chosen: string; onChoose(token: string): void }): JSX.Element {
  const roots = store.folders.value;
  const [only] = roots;
  if (only === undefined) return <p class="tone-warn">{words.add.noFolder()}</p>;
  if (roots.length === 1) return <span>{only.name}</span>;
  return (
    <select aria-label={words.add.folder()} class="select" value={chosen} onChange={event => onChoose(event.currentTarget.value)}>
      {roots.map(root => (
        <option key={root.token} value={root.token}>
          {root.problem === '' ? root.name : words.add.unavailable({ name: isolated(root.name) })}
        </option>
      ))}
    </select>
  );
}
