import { Copy, Share2 } from 'lucide';
import type { ComponentChildren, JSX } from 'preact';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { relocating, run } from '../actions.ts';
import { copy } from '../clipboard.ts';
import {
  formatBytes,
  formatCopies,
  formatMoment,
  formatPieceLength,
  formatPercent,
  fraction,
  shownText,
  isolated,
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
import { lazy } from '../ui/lazy.tsx';
import { RateField } from '../ui/rate-field.tsx';
import { Labels } from './labels.tsx';
import { OptionSwitches } from './option-switches.tsx';
import { ProblemNote } from './problem-note.tsx';
import { StopFields } from './stop-fields.tsx';
import { ratioOf } from '../words.ts';
import { words } from '../words/words.ts';

/** Comes with the library that draws charts: the facts do not wait for it, and its place is kept. */
const Glance = lazy(async () => (await import('./glance.tsx')).Glance, null, 'chart', 'history', 'inspector', 'pieceMap');

export function General({ row, detail }: { row: TorrentRow; detail: TorrentDetail | null }): JSX.Element {
  const root = store.roots.value.find(candidate => candidate.token === row.root);
  return (
    <div class="general">
      <ProblemNote row={row} />
      <div class="general-now">
        <dl class="facts">
          <Fact name={words.inspector.now()}>{nowOf(row, store.roots.value)}</Fact>
          {root !== undefined && (
            <Fact name={words.inspector.storedIn()}>
              {root.token === BROWSER_ROOT ? <Kept row={row} /> : <OnDisk row={row} name={root.name} detail={detail} />}
            </Fact>
          )}
          <Fact name={words.inspector.added()}>{formatMoment(row.addedAt, Date.now())}</Fact>
          {row.doneAt > 0 && <Fact name={words.inspector.finished()}>{formatMoment(row.doneAt, Date.now())}</Fact>}
          <Fact name={words.inspector.size()}>{sizeOf(row, detail)}</Fact>
          <Fact name={words.inspector.ratio()}>
            {words.inspector.ratioAndSent({ ratio: ratioOf(row), size: formatBytes(row.uploaded) })}
          </Fact>
          {row.size > 0 && (
            <Fact name={words.inspector.verified()}>
              {formatBytes(row.done)} · {formatPercent(fraction(row.done, row.size))}
            </Fact>
          )}
          {detail?.hasMetadata === true && row.peers > 0 && (
            <Fact name={words.inspector.availability()}>
              {words.inspector.amongPeers({ copies: formatCopies(detail.copies) })}
            </Fact>
          )}
          <Fact name={words.inspector.labels()}>
            <Labels row={row} />
          </Fact>
          {detail?.isPrivate === true && <Fact name={words.inspector.private()}>{words.inspector.privateMeans()}</Fact>}
          {detail !== null && detail.comment !== '' && <Fact name={words.inspector.comment()}>{shownText(detail.comment)}</Fact>}
          <Fact name={words.inspector.hash()}>
            <span class="copyable">
              <code>{row.id}</code>
              <CopyButton text={row.id} />
            </span>
          </Fact>
          {detail !== null && (
            <Fact name={words.inspector.magnet()}>
              <button type="button" class="button button-small" onClick={() => void copy(detail.magnet, 'magnet')}>
                <Icon of={Copy} size={14} />
                {words.inspector.copyLink()}
              </button>{' '}
              <button type="button" class="button button-small" onClick={() => (shownLinks.value = row.id)}>
                <Icon of={Share2} size={14} />
                {words.inspector.share()}
              </button>
            </Fact>
          )}
        </dl>
        <div class="general-glance">
          <Glance row={row} detail={detail} />
        </div>
      </div>
      <section aria-labelledby="general-options">
        <h2 id="general-options">{words.inspector.options()}</h2>
        <dl class="facts facts-options">
          <Fact name={words.inspector.stopSeeding()}>
            <StopFields
              values={row.options}
              unset={store.settings.value}
              onChange={options => run({ do: 'set', ids: [row.id], options })}
            />
          </Fact>
          <Fact name={words.inspector.order()}>
            <OptionSwitches row={row} />
          </Fact>
          <Fact name={words.inspector.limits()}>
            <RateField
              label={words.inspector.downLimit()}
              value={row.options.downLimit}
              onChange={downLimit => run({ do: 'set', ids: [row.id], options: { downLimit } })}
            />
            <RateField
              label={words.inspector.upLimit()}
              value={row.options.upLimit}
              onChange={upLimit => run({ do: 'set', ids: [row.id], options: { upLimit } })}
            />
          </Fact>
        </dl>
      </section>
    </div>
  );
}

/** The folder that has it, and the way there. */
function OnDisk({ row, name, detail }: { row: TorrentRow; name: string; detail: TorrentDetail | null }): JSX.Element {
  const first = detail?.files[0]?.path[0];
  return (
    <span class="fact-line">
      {words.inspector.onDisk({ name: isolated(name) })}
      {first !== undefined && canReveal(row) && (
        <button type="button" class="button button-small" onClick={() => reveal(row, [first])}>
          {words.inspector.showInFolder()}
        </button>
      )}
    </span>
  );
}

/** How safe the storage of the browser is, and the ways out of it. */
function Kept({ row }: { row: TorrentRow }): JSX.Element {
  return (
    <>
      {isKept.value === true ? words.inspector.browserKept() : words.inspector.browserLent()}
      {row.state !== 'adding' && (row.size > 0 || store.canMoveIn.value) && (
        <span class="fact-actions">
          {store.canMoveIn.value && (
            <button type="button" class="button button-small" onClick={() => (relocating.value = [row.id])}>
              {words.inspector.moveHere()}
            </button>
          )}
          {row.size > 0 && (
            <button type="button" class="button button-small" onClick={() => saveFolder(row.id)}>
              {words.common.save()}
            </button>
          )}
          {row.size > 0 && canSaveToFolder() && (
            <button type="button" class="button button-small" onClick={() => void saveToFolder(row)}>
              {words.inspector.saveToFolder()}
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
  if (row.size === 0) return words.inspector.sizeLater();
  if (detail === null || !detail.hasMetadata) return formatBytes(row.size);
  return words.inspector.sizeInPieces({
    size: formatBytes(row.size),
    count: detail.pieces,
    length: formatPieceLength(detail.pieceLength),
  });
}
