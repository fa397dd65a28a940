import { useSignal } from '@preact/signals';
import { ChevronDown, ChevronRight, Search } from 'lucide';
import type { JSX } from 'preact';
import { useMemo, useRef } from 'preact/hooks';
import type { FilePriority, FileRow } from '../../sw/api.ts';
import { buildTree, checksOf, filesOf, visibleNodes, type Check as Checked, type Node } from '../file-tree.ts';
import { formatBytes, formatPercent, fraction } from '../format.ts';
import { Check } from '../ui/check.tsx';
import { Icon } from '../ui/icon.tsx';
import { useVirtualRows } from '../ui/virtual.ts';

const ROW_HEIGHT = 34;
/** A tree up to here is shown unfolded. */
const UNFOLDED = 200;
/** From so many files on there is a search. */
const SEARCHED = 10;
const PRIORITIES: readonly { readonly value: FilePriority; readonly label: string }[] = [
  { value: 'first', label: 'First' },
  { value: 'high', label: 'High' },
  { value: 'normal', label: 'Normal' },
  { value: 'low', label: 'Low' },
  { value: 'skip', label: 'Skip' },
];

interface Props {
  readonly files: readonly FileRow[];
  readonly priority: (file: number) => FilePriority;
  /** Shows how far each file is, too. */
  readonly progress: boolean;
  onPrioritise(files: readonly number[], priority: FilePriority): void;
}

/** The files of a torrent as a tree of checkboxes, each file with its priority; only what is in view is drawn. */
export function FileList({ files, priority, progress, onPrioritise }: Props): JSX.Element {
  const scroller = useRef<HTMLDivElement>(null);
  const search = useSignal('');
  // Paths never change once they are known, so the tree is built once for all that is said about its files.
  const nodes = useMemo(() => buildTree(files), [files.length, files[0]?.path.join('/')]);
  const open = useSignal<ReadonlySet<number>>(unfolded(nodes));
  const shown = useMemo(() => visibleNodes(nodes, open.value, search.value.trim()), [nodes, open.value, search.value]);
  const checks = checksOf(nodes, file => priority(file) !== 'skip');
  const rows = useVirtualRows({ scroller, count: shown.length, rowHeight: ROW_HEIGHT, above: 0, keep: -1 });

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
    <div class="files">
      {files.length >= SEARCHED && (
        <label class="search files-search">
          <Icon of={Search} size={14} />
          <span class="sr-only">Search files by name</span>
          <input
            type="search"
            placeholder="Search files"
            value={search}
            onInput={event => (search.value = event.currentTarget.value)}
          />
        </label>
      )}
      <div ref={scroller} class="files-scroll" tabIndex={-1}>
        {shown.length === 0 && <p class="quiet files-none">No file’s name contains this.</p>}
        <ul class="files-inner" aria-label="Files" style={{ height: `${rows.height}px` }}>
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
                onFold={() => fold(at)}
                priority={node.file < 0 ? null : priority(node.file)}
                onCheck={checked => want(at, checked)}
                onPrioritise={chosen => onPrioritise([node.file], chosen)}
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
  /** Null for a folder. */
  readonly priority: FilePriority | null;
  onFold(): void;
  onCheck(checked: boolean): void;
  onPrioritise(priority: FilePriority): void;
}

function FileLine({ node, check, top, open, done, priority, onFold, onCheck, onPrioritise }: LineProps): JSX.Element {
  const folder = node.file < 0;
  return (
    <li
      class={folder ? 'file folder' : check === 'none' ? 'file skipped' : 'file'}
      style={{ transform: `translateY(${top}px)`, paddingLeft: `${12 + Math.min(node.depth, 12) * 16}px` }}
    >
      <Check label={folder ? `Folder ${node.name}` : node.name} state={check} onChange={onCheck} />
      {folder ? (
        <button type="button" class="file-name fold" aria-expanded={open} onClick={onFold}>
          <Icon of={open ? ChevronDown : ChevronRight} size={14} />
          <span title={node.name}>{node.name}</span>
        </button>
      ) : (
        <span class="file-name" title={node.name}>
          {node.name}
        </span>
      )}
      {done !== undefined && (
        <span class="file-done number">{formatPercent(done.size === 0 ? 1 : fraction(done.done, done.size))}</span>
      )}
      {priority !== null && (
        <select
          class="file-priority"
          aria-label={`Priority of ${node.name}`}
          value={priority}
          onChange={event => onPrioritise(event.currentTarget.value as FilePriority)}
        >
          {PRIORITIES.map(({ value, label }) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      )}
      <span class="file-size number">{formatBytes(node.size)}</span>
    </li>
  );
}
