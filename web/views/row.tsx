import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { TorrentId, TorrentRow } from '../../sw/view-model.ts';
import { formatBytes, formatCount, formatDuration, formatPercent, formatRate, fraction } from '../format.ts';
import { selection } from '../selection.ts';
import { store } from '../store.ts';
import { layout } from '../ui/layout.ts';
import { spokenRow } from '../words.ts';
import { ProgressBar, StatusText } from './status.tsx';

interface Props {
  readonly id: TorrentId;
  readonly index: number;
  readonly top: number;
  /** Whether the keyboard enters the list here. */
  readonly entry: boolean;
  /** Set when this row is to take the keyboard's focus once it is drawn. */
  readonly takesFocus: { current: boolean };
}

/** One torrent of the list. It is drawn again only when that torrent, or its selection, changed. */
export function Row({ id, index, top, entry, takesFocus }: Props): JSX.Element | null {
  const element = useRef<HTMLDivElement>(null);
  const row = store.row(id)?.value;
  const selected = selection.ids.value.has(id);
  const focused = selection.focused.value === id;
  useLayoutEffect(() => {
    if (!focused || !takesFocus.current) return;
    takesFocus.current = false;
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
      {layout.value === 'phone' ? <PhoneCells row={row} /> : <Cells row={row} />}
    </div>
  );
}

function Cells({ row }: { row: TorrentRow }): JSX.Element {
  const known = row.size > 0;
  const still = row.down === 0 && row.up === 0 && row.eta < 0;
  return (
    <>
      <span role="gridcell" class="cell cell-name" title={row.name}>
        {row.name}
      </span>
      <span role="gridcell" class="cell cell-size number">
        {known ? formatBytes(row.size) : ''}
      </span>
      <span role="gridcell" class="cell cell-progress">
        <ProgressBar row={row} />
        <span class="number">{known ? formatPercent(fraction(row.done, row.size)) : ''}</span>
      </span>
      <span role="gridcell" class={still ? 'cell cell-status roomy' : 'cell cell-status'}>
        <StatusText row={row} />
      </span>
      <span role="gridcell" class="cell cell-down number down">
        {row.down > 0 ? formatRate(row.down) : ''}
      </span>
      <span role="gridcell" class="cell cell-up number up">
        {row.up > 0 ? formatRate(row.up) : ''}
      </span>
      <span role="gridcell" class="cell cell-left number">
        {row.state === 'downloading' ? formatDuration(row.eta) : ''}
      </span>
      <span role="gridcell" class="cell cell-peers number">
        {row.peers > 0 || row.state === 'downloading' ? formatCount(row.peers) : ''}
      </span>
    </>
  );
}

function PhoneCells({ row }: { row: TorrentRow }): JSX.Element {
  return (
    <>
      <span role="gridcell" class="cell cell-name">
        {row.name}
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
        {row.size > 0 ? `${formatPercent(fraction(row.done, row.size))} of ${formatBytes(row.size)}` : ''}
      </span>
    </>
  );
}
