import { Copy, Share2 } from 'lucide';
import type { JSX } from 'preact';
import { shownName } from '../format.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { copy } from '../actions.ts';
import { saveTorrent } from '../saving.ts';
import { appLink, shownLinks } from '../sharing.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { Qr } from '../ui/qr.tsx';

/** What to give to somebody who is to have a torrent: a link, and a picture of it. */
export function ShareLinks(): JSX.Element | null {
  void store.revision.value;
  const id = shownLinks.value;
  const row = id === null ? undefined : store.row(id)?.value;
  return row === undefined ? null : <Links row={row} />;
}

function Links({ row }: { row: TorrentRow }): JSX.Element {
  const detail = store.detail.value?.id === row.id ? store.detail.value : null;
  const close = (): void => {
    shownLinks.value = null;
  };
  return (
    <Dialog labelledBy="links-title" class="links" focusSelf onCancel={close}>
      <h2 id="links-title">
        Share “<bdi>{shownName(row.name)}</bdi>”
      </h2>
      {detail === null ? <p class="quiet late">Asking the engine…</p> : <Ways row={row} detail={detail} />}
      <div class="dialog-actions">
        <button type="button" class="button button-main" onClick={close}>
          Done
        </button>
      </div>
    </Dialog>
  );
}

function Ways({ row, detail }: { row: TorrentRow; detail: TorrentDetail }): JSX.Element {
  const { magnet } = detail;
  const link = appLink(magnet, location);
  if (detail.isPrivate) {
    const isHere = row.root === BROWSER_ROOT;
    return (
      <div class="note note-warn" role="note">
        <p>
          This torrent is private, so it has no link to give away: its trackers alone may bring people together, and their
          addresses may hold a key that is yours.{' '}
          {isHere
            ? 'Give its .torrent file to those whom its trackers know, and to nobody else.'
            : 'Whoever is to have it gets the .torrent file from its tracker.'}
        </p>
        {isHere && (
          <button type="button" class="button button-small" onClick={() => saveTorrent(row.id)}>
            Save the .torrent file
          </button>
        )}
      </div>
    );
  }
  return (
    <>
      <div class="links-ways">
        <Qr text={link ?? magnet} label={`QR code of the ${link === null ? 'magnet link' : 'link'}`} />
        <div class="links-list">
          {link !== null && <Way what="Link" text={link} hint="Opens in any browser." />}
          <Way what="Magnet link" text={magnet} hint="Opens with any BitTorrent client." />
          {typeof navigator.share === 'function' && (
            <button
              type="button"
              class="button"
              onClick={() => void navigator.share({ title: shownName(row.name), url: link ?? magnet }).catch(() => undefined)}
            >
              <Icon of={Share2} size={16} />
              Send it…
            </button>
          )}
        </div>
      </div>
      {row.root === BROWSER_ROOT && (
        <p class="quiet">Others can fetch it from here as long as Starling is open in a window of this browser.</p>
      )}
    </>
  );
}

function Way({ what, text, hint }: { what: string; text: string; hint: string }): JSX.Element {
  return (
    <div class="field">
      <span aria-hidden="true">{what}</span>
      <span class="copyable">
        <input
          aria-label={what}
          class="text-input links-text"
          readOnly
          value={text}
          onFocus={event => event.currentTarget.select()}
        />
        <button
          type="button"
          class="icon-button"
          aria-label={`Copy the ${what.toLowerCase()}`}
          onClick={() => void copy(text, what)}
        >
          <Icon of={Copy} size={16} />
        </button>
      </span>
      <span class="quiet">{hint}</span>
    </div>
  );
}
