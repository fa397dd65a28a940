import { Copy, Share2 } from 'lucide';
import type { JSX } from 'preact';
import { shownName } from '../format.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import type { TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { copy } from '../clipboard.ts';
import { saveTorrent } from '../saving.ts';
import { shownLinks } from '../shared.ts';
import { appLink } from '../sharing.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Filled } from '../ui/filled.tsx';
import { Icon } from '../ui/icon.tsx';
import { Qr } from '../ui/qr.tsx';
import { words } from '../words/words.ts';

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
        <Filled text={words.share.linksTitle} parts={{ name: <bdi>{shownName(row.name)}</bdi> }} />
      </h2>
      {detail === null ? <p class="quiet late">{words.common.asking()}</p> : <Ways row={row} detail={detail} />}
      <div class="dialog-actions">
        <button type="button" class="button button-main" onClick={close}>
          {words.share.done()}
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
        <p>{isHere ? words.share.privateHere() : words.share.privateElsewhere()}</p>
        {isHere && (
          <button type="button" class="button button-small" onClick={() => saveTorrent(row.id)}>
            {words.share.saveTorrent()}
          </button>
        )}
      </div>
    );
  }
  return (
    <>
      <div class="links-ways">
        <Qr text={link ?? magnet} label={link === null ? words.share.qrOfMagnet() : words.share.qrOfLink()} />
        <div class="links-list">
          {link !== null && <Way what="link" label={words.share.link()} text={link} hint={words.share.linkOpens()} />}
          <Way what="magnet" label={words.share.magnet()} text={magnet} hint={words.share.magnetOpens()} />
          {typeof navigator.share === 'function' && (
            <button
              type="button"
              class="button"
              onClick={() => void navigator.share({ title: shownName(row.name), url: link ?? magnet }).catch(() => undefined)}
            >
              <Icon of={Share2} size={16} />
              {words.share.send()}
            </button>
          )}
        </div>
      </div>
      {row.root === BROWSER_ROOT && <p class="quiet">{words.share.whileOpen()}</p>}
    </>
  );
}

interface WayProps {
  readonly what: 'link' | 'magnet';
  readonly label: string;
  readonly text: string;
  readonly hint: string;
}

function Way({ what, label, text, hint }: WayProps): JSX.Element {
  return (
    <div class="field">
      <span aria-hidden="true">{label}</span>
      <span class="copyable">
        <input
          aria-label={label}
          class="text-input links-text"
          readOnly
          value={text}
          onFocus={event => event.currentTarget.select()}
        />
        <button
          type="button"
          class="icon-button"
          aria-label={words.clipboard.copy({ what })}
          onClick={() => void copy(text, what)}
        >
          <Icon of={Copy} size={16} />
        </button>
      </span>
      <span class="quiet">{hint}</span>
    </div>
  );
}
