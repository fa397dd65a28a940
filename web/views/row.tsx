import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { TorrentId, TorrentRow } from '../../sw/view-model.ts';
import { cellText, type Around } from '../cells.ts';
import { columnOf, type ColumnId, type Shown } from '../columns.ts';
import { formatBytes, formatPercent, formatRate, fraction, shownName } from '../format.ts';
import { selection } from '../selection.ts';
import { store } from '../store.ts';
import { today } from '../today.ts';
import { turns } from '../turns.ts';
import { layout } from '../ui/layout.ts';
import { spokenRow } from '../words.ts';
import { words } from '../words/words.ts';
import { ProgressBar, StatusText } from './status.tsx';

interface Props {
  readonly id: TorrentId;
  readonly index: number;
  readonly top: number;
  readonly columns: readonly Shown[];
  /** Whether the keyboard enters the list here. */
  readonly entry: boolean;
}

/** One torrent of the list. It is drawn again only when that torrent, or its selection, changed. */
export function Row({ id, index, top, columns, entry }: Props): JSX.Element | null {
  const element = useRef<HTMLDivElement>(null);
  const row = store.row(id)?.value;
  const selected = useComputed(() => selection.ids.value.has(id)).value;
  const focused = useComputed(() => selection.focused.value === id).value;
  useLayoutEffect(() => {
    if (!focused || !selection.takesFocus) return;
    selection.takesFocus = false;
    element.current?.focus({ preventScroll: true });
  });
  if (row === undefined) return null;
  return (
    <div
      ref={element}
      class={selected ? 'row selected' : 'row'}
      role="row"
      data-id={id}
      tabIndex={entry ? 0 : -1}
      aria-rowindex={index + 2}
      aria-selected={selected}
      aria-label={spokenRow(row, store.roots.value)}
      style={{ transform: `translateY(${top}px)` }}
    >
      {layout.value === 'phone' ? <PhoneCells row={row} /> : <Cells row={row} columns={columns} />}
    </div>
  );
}

const NO_TURNS: Around['turns'] = new Map();

function Cells({ row, columns }: { row: TorrentRow; columns: readonly Shown[] }): JSX.Element {
  const around: Around = {
    roots: store.roots.value,
    turns: columns.some(({ id }) => id === 'queue') ? turns.value : NO_TURNS,
    now: today.value,
  };
  const texts = columns.map(({ id }) => cellText(id, row, around));
  const status = columns.findIndex(({ id }) => id === 'status');
  const end = status + roomAt(texts, status);
  return (
    <>
      {columns.map(({ id }, at) => {
        // Cells find their places by themselves, but for those that the sentence covers.
        const isMoved = end > status + 1 && at >= status && at < end;
        const place = !isMoved ? undefined : at === status ? `${at + 1} / ${end + 1}` : String(at + 1);
        return <Cell key={id} id={id} row={row} text={texts[at] ?? ''} place={place} />;
      })}
    </>
  );
}

/** A sentence may take the room of cells behind it that have nothing to say. */
function roomAt(texts: readonly string[], at: number): number {
  let span = 1;
  while (at >= 0 && texts[at + span] === '') span++;
  return span;
}

interface CellProps {
  readonly id: ColumnId;
  readonly row: TorrentRow;
  readonly text: string;
  /** For `grid-column`. */
  readonly place: string | undefined;
}

function Cell({ id, row, text, place }: CellProps): JSX.Element {
  const tone = id === 'down' || id === 'up' ? ` ${id}` : '';
  return (
    <span
      role="gridcell"
      class={`cell cell-${id}${columnOf(id).isNumber ? ' number' : ''}${tone}`}
      style={place === undefined ? undefined : { gridColumn: place }}
      title={id === 'labels' || id === 'folder' ? text : undefined}
    >
      {id === 'name' ? (
        <Name name={text} />
      ) : id === 'status' ? (
        <StatusText row={row} />
      ) : id === 'progress' ? (
        <>
          <ProgressBar row={row} />
          <span class="number">{text}</span>
        </>
      ) : id === 'labels' || id === 'folder' ? (
        <bdi>{text}</bdi>
      ) : (
        text
      )}
    </span>
  );
}

/** Whatever it is made of, it stays in its cell. */
function Name({ name }: { name: string }): JSX.Element {
  const shown = shownName(name);
  return <bdi title={shown}>{shown}</bdi>;
}

function PhoneCells({ row }: { row: TorrentRow }): JSX.Element {
  return (
    <>
      <span role="gridcell" class="cell cell-name">
        <Name name={row.name} />
      </span>
      <span role="gridcell" class="cell cell-rate number">
        {row.down > 0 ? (
          <span class="down">{formatRate(row.down)}</span>
        ) : row.up > 0 ? (
          <span class="up">↑ {formatRate(row.up)}</span>
        ) : null}
      </span>
      <span role="gridcell" class="cell cell-bar">
        <ProgressBar row={row} />
      </span>
      <span role="gridcell" class="cell cell-status">
        <StatusText row={row} />
      </span>
      <span role="gridcell" class="cell cell-of number">
        {row.size > 0
          ? words.table.share({ share: formatPercent(fraction(row.done, row.size)), size: formatBytes(row.size) })
          : ''}
      </span>
    </>
  );
}
