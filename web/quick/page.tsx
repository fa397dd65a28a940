import { Download, X } from 'lucide';
import type { JSX } from 'preact';
import type { TorrentId } from '../../sw/view-model.ts';
import { asking } from '../adding.ts';
import { remove } from '../actions.ts';
import { formatAbout, formatPercent, fraction, shownName } from '../format.ts';
import { store } from '../store.ts';
import { Bar } from '../ui/bar.tsx';
import { Filled } from '../ui/filled.tsx';
import { Icon } from '../ui/icon.tsx';
import { Logo } from '../ui/logo.tsx';
import { AddDialog } from '../views/add-dialog.tsx';
import { AddSheet } from '../views/add-sheet.tsx';
import { DropTarget } from '../views/drop-target.tsx';
import { Notices } from '../views/notices.tsx';
import { RemoveDialog } from '../views/remove-dialog.tsx';
import { statusOf } from '../words.ts';
import { words } from '../words/words.ts';
import { MEMORY_LIMIT, type QuickEngine } from './engine.ts';

/** Adds and saves torrents in the page, and says what that means. */
export function QuickPage({ engine }: { engine: QuickEngine }): JSX.Element {
  void store.revision.value;
  const ids = store.order.value;
  return (
    <div class="app quick">
      <header class="topbar">
        <Logo />
        <h1 class="title">{words.quick.title()}</h1>
        <span class="space" />
        <button type="button" class="button button-main" onClick={() => (asking.value = true)}>
          {words.quick.add()}
        </button>
      </header>
      <main class="quick-main">
        <p>
          <Filled
            text={places => words.quick.means({ size: formatAbout(MEMORY_LIMIT), ...places })}
            parts={{ app: <a href="/">{words.quick.app()}</a> }}
          />
        </p>
        {ids.length === 0 && <p class="quiet">{words.quick.empty()}</p>}
        {ids.map(id => (
          <Row key={id} id={id} engine={engine} />
        ))}
      </main>
      <AddDialog />
      <AddSheet />
      <RemoveDialog />
      <DropTarget />
      <Notices />
    </div>
  );
}

function Row({ id, engine }: { id: TorrentId; engine: QuickEngine }): JSX.Element | null {
  const row = store.row(id)?.value;
  if (row === undefined) return null;
  const status = statusOf(row, store.roots.value);
  const part = fraction(row.done, row.size);
  const sizes = { share: formatPercent(part), size: formatAbout(row.size) };
  return (
    <section class="quick-torrent" aria-label={shownName(row.name)}>
      <div class="sheet-head">
        <h2>
          <bdi>{shownName(row.name)}</bdi>
        </h2>
        <button
          type="button"
          class="icon-button"
          aria-label={words.quick.remove({ name: shownName(row.name) })}
          onClick={() => remove([id])}
        >
          <Icon of={X} size={18} />
        </button>
      </div>
      <Bar value={part} tone={part === 1 ? 'good' : 'accent'} />
      <p role="status">{part === 1 ? words.quick.complete(sizes) : words.quick.progress({ ...sizes, status: status.text })}</p>
      <ul class="share-files">
        {engine.filesOf(id).map(({ index, path, size, isDone }) => (
          <li key={index}>
            <span>
              {path} <span class="quiet">{formatAbout(size)}</span>
            </span>
            <button
              type="button"
              class="button button-small"
              aria-label={words.quick.saveOne({ name: path })}
              disabled={!isDone}
              onClick={() => save(engine.fileOf(id, index))}
            >
              <Icon of={Download} size={14} />
              {words.common.save()}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Ms after which the browser has begun to copy it. */
const TAKEN = 60_000;

function save(file: ReturnType<QuickEngine['fileOf']>): void {
  if (file === null) return;
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file.blob);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), TAKEN);
}
