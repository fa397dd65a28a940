import { useSignal } from '@preact/signals';
import { ChevronDown, ChevronRight, FolderOpen, Pencil, Search } from 'lucide';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { mediaTypeOf } from '../../sw/media-types.ts';
import type { FilePriority, FileRow } from '../../sw/view-model.ts';
import { buildTree, checksOf, filesOf, pathOf, visibleNodes, type Check as Checked, type Node } from '../file-tree.ts';
import { formatBytes, formatPercent, fraction, shownName } from '../format.ts';
import { isFilm } from '../films.ts';
import { Check } from '../ui/check.tsx';
import { Icon } from '../ui/icon.tsx';
import { layout } from '../ui/layout.ts';
import { useVirtualRows } from '../ui/virtual.ts';
import { words } from '../words/words.ts';

/** Pixels, in one line and in two: where it is narrow the name has a line to itself. */
const ROW_HEIGHT = 34;
const TALL_ROW = 64;
/** A tree up to here is shown unfolded. */
const UNFOLDED = 200;
/** From so many files on there is a search. */
const SEARCHED = 10;
const PRIORITIES: readonly FilePriority[] = ['first', 'high', 'normal', 'low', 'skip'];

interface Props {
  readonly files: readonly FileRow[];
  /** Another number where the files have other names. */
  readonly names: number;
  readonly priority: (file: number) => FilePriority;
  /** Shows how far each file is, too. */
  readonly progress: boolean;
  /** Where a file can be had, while it comes as well. */
  readonly address?: (file: number, name: string) => string | undefined;
  /** Plays a film or a song here; its address stays for who wants it in a tab. */
  onPlay?(file: number): void;
  /** Saves what is chosen at a path: a file, by its index, or a folder, where that is -1. */
  onSave?(path: readonly string[], file: number): void;
  /** Shows the file or folder at a path where it lies on the disk. */
  onReveal?(path: readonly string[]): void;
  onPrioritise(files: readonly number[], priority: FilePriority): void;
  /** Gives the file or folder at a path another name; without it, names stay as they are. */
  onRename?(path: readonly string[], to: string): void;
}

/** The files of a torrent as a tree of checkboxes, each file with its priority; only what is in view is drawn. */
export function FileList({
  files,
  names,
  priority,
  progress,
  address,
  onPlay,
  onSave,
  onReveal,
  onPrioritise,
  onRename,
}: Props): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const search = useSignal('');
  // The tree is built once for all that is said about files of these names.
  const nodes = useMemo(() => buildTree(files), [files.length, names, files[0]?.path.join('/')]);
  const open = useSignal<ReadonlySet<number>>(unfolded(nodes));
  const shown = useMemo(() => visibleNodes(nodes, open.value, search.value.trim()), [nodes, open.value, search.value]);
  const checks = checksOf(nodes, file => priority(file) !== 'skip');
  const isTall = layout.value === 'phone' || (progress && layout.value !== 'wide');
  const rowHeight = isTall ? TALL_ROW : ROW_HEIGHT;
  const rows = useVirtualRows({ scroller, count: shown.length, rowHeight, above: 0, keep: -1 });

  const fold = (at: number): void => {
    const next = new Set(open.peek());
    if (!next.delete(at)) next.add(at);
    open.value = next;
  };
  /** Those that are wanted already stay as they are. */
  const want = (at: number, wanted: boolean): void => {
    const inside = filesOf(nodes, at).filter(file => (priority(file) === 'skip') === wanted);
    onPrioritise(inside, wanted ? 'normal' : 'skip');
  };

  return (
    <div class={isTall ? 'files tall' : 'files'}>
      {files.length >= SEARCHED && (
        <label class="search files-search">
          <Icon of={Search} size={14} />
          <span class="sr-only">{words.files.searchByName()}</span>
          <input
            type="search"
            placeholder={words.files.search()}
            value={search}
            onInput={event => (search.value = event.currentTarget.value)}
          />
        </label>
      )}
      <div ref={scroller} class="files-scroll" tabIndex={-1}>
        {shown.length === 0 && <p class="quiet files-none">{words.files.noMatch()}</p>}
        <ul class="files-inner" aria-label={words.files.label()} style={{ height: `${rows.height}px` }}>
          {rows.items.map(item => {
            const at = shown[item.index] ?? -1;
            const node = nodes[at];
            if (node === undefined) return null;
            return (
              <FileLine
                key={at}
                node={node}
                check={checks[at] ?? 'none'}
                top={rows.top(item)}
                open={search.value !== '' || open.value.has(at)}
                done={progress ? files[node.file] : undefined}
                href={node.file < 0 || priority(node.file) === 'skip' ? undefined : address?.(node.file, node.name)}
                onPlay={onPlay && isFilm(node.name) ? () => onPlay(node.file) : undefined}
                onSave={onSave && checks[at] !== 'none' ? () => onSave(pathOf(nodes, at), node.file) : undefined}
                onReveal={onReveal && (() => onReveal(pathOf(nodes, at)))}
                onFold={() => fold(at)}
                priority={node.file < 0 ? null : priority(node.file)}
                onCheck={checked => want(at, checked)}
                onPrioritise={chosen => onPrioritise([node.file], chosen)}
                onRename={onRename && (to => onRename(pathOf(nodes, at), to))}
              />
            );
          })}
        </ul>
      </div>
    </div>
  );
}

function unfolded(nodes: readonly Node[]): ReadonlySet<number> {
  const folders = new Set<number>();
  nodes.forEach((node, at) => {
    if (node.file < 0 && (nodes.length <= UNFOLDED || node.depth === 0)) folders.add(at);
  });
  return folders;
}

interface LineProps {
  readonly node: Node;
  readonly check: Checked;
  readonly top: number;
  readonly open: boolean;
  readonly done: FileRow | undefined;
  readonly href: string | undefined;
  readonly onPlay: (() => void) | undefined;
  /** Null for a folder. */
  readonly priority: FilePriority | null;
  readonly onSave: (() => void) | undefined;
  readonly onReveal: (() => void) | undefined;
  onFold(): void;
  onCheck(checked: boolean): void;
  onPrioritise(priority: FilePriority): void;
  readonly onRename: ((to: string) => void) | undefined;
}

function FileLine({
  node,
  check,
  top,
  open,
  done,
  href,
  onPlay,
  priority,
  onSave,
  onReveal,
  onFold,
  onCheck,
  onPrioritise,
  onRename,
}: LineProps): JSX.Element {
  const folder = node.file < 0;
  const name = shownName(node.name);
  const renaming = useSignal(false);
  const verb = verbFor(node.name);
  return (
    <li
      class={folder ? 'file folder' : check === 'none' ? 'file skipped' : 'file'}
      style={{ transform: `translateY(${top}px)`, paddingInlineStart: `${12 + Math.min(node.depth, 12) * 16}px` }}
    >
      <Check label={folder ? words.files.folder({ name }) : name} state={check} onChange={onCheck} />
      {renaming.value && onRename ? (
        <NewName
          name={node.name}
          onEnd={to => {
            renaming.value = false;
            if (to !== '' && to !== node.name) onRename(to);
          }}
        />
      ) : folder ? (
        <button type="button" class="file-name fold" aria-expanded={open} onClick={onFold}>
          <Icon of={open ? ChevronDown : ChevronRight} size={14} isDirected />
          <bdi title={name}>{name}</bdi>
        </button>
      ) : (
        <span class="file-name" title={name}>
          <bdi>{name}</bdi>
        </span>
      )}
      {onRename && (
        <button
          type="button"
          class="icon-button file-rename"
          aria-label={words.files.rename({ name })}
          onClick={() => (renaming.value = true)}
        >
          <Icon of={Pencil} size={14} />
        </button>
      )}
      {onReveal && (
        <button type="button" class="icon-button file-rename" aria-label={words.files.reveal({ name })} onClick={onReveal}>
          <Icon of={FolderOpen} size={14} />
        </button>
      )}
      <span class="file-facts">
        {href !== undefined && (
          <a
            class="file-open"
            href={href}
            target="_blank"
            rel="noopener"
            aria-label={verb.of({ name })}
            onClick={event => {
              // With a key held down a person asks for a tab.
              if (onPlay === undefined || event.ctrlKey || event.metaKey || event.shiftKey) return;
              event.preventDefault();
              onPlay();
            }}
          >
            {verb.it()}
          </a>
        )}
        {onSave && (
          <button type="button" class="text-button file-open" aria-label={words.files.saveOne({ name })} onClick={onSave}>
            {words.common.save()}
          </button>
        )}
        {done !== undefined && (
          <span class="file-done number">{formatPercent(done.size === 0 ? 1 : fraction(done.done, done.size))}</span>
        )}
        {priority !== null && (
          <select
            class="file-priority"
            aria-label={words.files.priorityOf({ name })}
            value={priority}
            onChange={event => onPrioritise(event.currentTarget.value as FilePriority)}
          >
            {PRIORITIES.map(each => (
              <option key={each} value={each}>
                {words.files.priority({ priority: each })}
              </option>
            ))}
          </select>
        )}
        <span class="file-size number">{formatBytes(node.size)}</span>
      </span>
    </li>
  );
}

/** What is done with it here. */
function verbFor(name: string) {
  const { files, common } = words;
  if (isFilm(name)) return { it: files.play, of: files.playOne };
  return mediaTypeOf(name) === null ? { it: common.save, of: files.saveOne } : { it: files.open, of: files.openOne };
}

/** A field in place of a name: Enter takes it over, Escape and leaving it do not. */
function NewName({ name, onEnd }: { readonly name: string; onEnd(to: string): void }): JSX.Element {
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    field.current?.focus();
    const dot = name.lastIndexOf('.');
    field.current?.setSelectionRange(0, dot > 0 ? dot : name.length);
  }, []);
  return (
    <input
      ref={field}
      class="file-name file-new-name"
      aria-label={words.files.newName({ name })}
      maxLength={255}
      defaultValue={name}
      onBlur={() => onEnd('')}
      onKeyDown={event => {
        if (event.key !== 'Enter' && event.key !== 'Escape') return;
        event.stopPropagation();
        event.preventDefault();
        onEnd(event.key === 'Enter' ? event.currentTarget.value.trim() : '');
      }}
    />
  );
}
