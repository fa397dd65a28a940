import { Copy, Share2 } from 'lucide';
import type { ComponentChildren, JSX } from 'preact';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { relocating, run } from '../actions.ts';
import { copy } from '../clipboard.ts';
import {
  formatBytes,
  formatCopies,
  formatCount,
  formatMoment,
  formatPieceLength,
  formatPercent,
  fraction,
  shownText,
} from '../format.ts';
import { isKept } from '../persistence.ts';
import { canReveal, reveal } from '../reveal.ts';
import { nowOf } from '../now.ts';
import { shownLinks } from '../shared.ts';
import { canSaveToFolder } from '../folder-save.ts';
import { saveToFolder } from '../save-to-folder.ts';
import { saveFolder } from '../saving.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { RateField } from '../ui/rate-field.tsx';
import { Labels } from './labels.tsx';
import { OptionSwitches } from './option-switches.tsx';
import { ProblemNote } from './problem-note.tsx';
import { StopFields } from './stop-fields.tsx';
import { ratioOf } from '../words.ts';
import { words } from '../words/words.ts';

export function General({ row, detail }: { row: TorrentRow; detail: TorrentDetail | null }): JSX.Element {
  const root = store.roots.value.find(candidate => candidate.token === row.root);
  return (
    <div class="general">
      <ProblemNote row={row} />
      <dl class="facts">
        <Fact name="Now">{nowOf(row, store.roots.value)}</Fact>
        {root !== undefined && (
          <Fact name="Stored in">
            {root.token === BROWSER_ROOT ? <Kept row={row} /> : <OnDisk row={row} name={root.name} detail={detail} />}
          </Fact>
        )}
        <Fact name="Added">{formatMoment(row.addedAt, Date.now())}</Fact>
        {row.doneAt > 0 && <Fact name="Finished">{formatMoment(row.doneAt, Date.now())}</Fact>}
        <Fact name="Size">{sizeOf(row, detail)}</Fact>
        {row.size > 0 && (
          <Fact name="Verified">
            {formatBytes(row.done)} · {formatPercent(fraction(row.done, row.size))}
          </Fact>
        )}
        {detail?.hasMetadata === true && row.peers > 0 && (
          <Fact name="Availability">{formatCopies(detail.copies)} among its peers</Fact>
        )}
        <Fact name="Labels">
          <Labels row={row} />
        </Fact>
        <Fact name="Stop seeding">
          <StopFields
            values={row.options}
            unset={store.settings.value}
            onChange={options => run({ do: 'set', ids: [row.id], options })}
          />
        </Fact>
        <Fact name="Order">
          <OptionSwitches row={row} />
        </Fact>
        <Fact name="Speed limits">
          <RateField
            label="Download limit"
            value={row.options.downLimit}
            onChange={downLimit => run({ do: 'set', ids: [row.id], options: { downLimit } })}
          />
          <RateField
            label="Upload limit"
            value={row.options.upLimit}
            onChange={upLimit => run({ do: 'set', ids: [row.id], options: { upLimit } })}
          />
        </Fact>
        <Fact name="Ratio">
          {ratioOf(row)} · {formatBytes(row.uploaded)} sent
        </Fact>
        {detail?.isPrivate === true && <Fact name="Private">Peers come from its own trackers alone</Fact>}
        {detail !== null && detail.comment !== '' && <Fact name="Comment">{shownText(detail.comment)}</Fact>}
        <Fact name="Info-hash">
          <span class="copyable">
            <code>{row.id}</code>
            <CopyButton text={row.id} />
          </span>
        </Fact>
        {detail !== null && (
          <Fact name="Magnet link">
            <button type="button" class="button button-small" onClick={() => void copy(detail.magnet, 'magnet')}>
              <Icon of={Copy} size={14} />
              Copy link
            </button>{' '}
            <button type="button" class="button button-small" onClick={() => (shownLinks.value = row.id)}>
              <Icon of={Share2} size={14} />
              Share
            </button>
          </Fact>
        )}
      </dl>
    </div>
  );
}

/** The folder that has it, and the way there. */
function OnDisk({ row, name, detail }: { row: TorrentRow; name: string; detail: TorrentDetail | null }): JSX.Element {
  const first = detail?.files[0]?.path[0];
  return (
    <>
      {name}, on this computer
      {first !== undefined && canReveal(row) && (
        <span class="fact-actions">
          <button type="button" class="button button-small" onClick={() => reveal(row, [first])}>
            Show in folder
          </button>
        </span>
      )}
    </>
  );
}

/** How safe the storage of the browser is, and the ways out of it. */
function Kept({ row }: { row: TorrentRow }): JSX.Element {
  const how = isKept.value === true ? 'kept until you remove it' : 'which may clear it when the disk runs short';
  return (
    <>
      This browser, {how}
      {row.state !== 'adding' && (row.size > 0 || store.canMoveIn.value) && (
        <span class="fact-actions">
          {store.canMoveIn.value && (
            <button type="button" class="button button-small" onClick={() => (relocating.value = [row.id])}>
              Move to this computer…
            </button>
          )}
          {row.size > 0 && (
            <button type="button" class="button button-small" onClick={() => saveFolder(row.id)}>
              Save
            </button>
          )}
          {row.size > 0 && canSaveToFolder() && (
            <button type="button" class="button button-small" onClick={() => void saveToFolder(row)}>
              Save to a folder…
            </button>
          )}
        </span>
      )}
    </>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function CopyButton({ text }: { text: string }): JSX.Element {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={words.clipboard.copy({ what: 'hash' })}
      onClick={() => void copy(text, 'hash')}
    >
      <Icon of={Copy} size={14} />
    </button>
  );
}

function sizeOf(row: TorrentRow, detail: TorrentDetail | null): string {
  if (row.size === 0) return 'Known once the file list has arrived';
  if (detail === null || !detail.hasMetadata) return formatBytes(row.size);
  return `${formatBytes(row.size)} · ${formatCount(detail.pieces)} pieces of ${formatPieceLength(detail.pieceLength)}`;
}
