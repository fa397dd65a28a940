import { useSignal } from '@preact/signals';
import { ArrowDown, ArrowUp, Ellipsis, X } from 'lucide';
import type { JSX } from 'preact';
import type { PeerRow, TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { formatList, formatPercent, formatRate } from '../format.ts';
import { command } from '../actions.ts';
import { copy } from '../clipboard.ts';
import { banEverywhere, banHere, letInHere } from '../banning.ts';
import { flagsOf, hostOf, sortPeers, type PeerColumn, type PeerSort } from '../peer-flags.ts';
import { statusOf } from '../words.ts';
import { store } from '../store.ts';
import { LineForm } from '../ui/line-form.tsx';
import { Icon } from '../ui/icon.tsx';
import { Menu } from '../ui/menu.tsx';
import { words } from '../words/words.ts';

const COLUMNS: readonly { readonly by: PeerColumn; readonly label: () => string; readonly isNumber: boolean }[] = [
  { by: 'address', label: () => words.inspector.peerAddress(), isNumber: false },
  { by: 'client', label: () => words.inspector.peerClient(), isNumber: false },
  { by: 'progress', label: () => words.inspector.peerHas(), isNumber: true },
  { by: 'down', label: () => words.inspector.peerDown(), isNumber: true },
  { by: 'up', label: () => words.inspector.peerUp(), isNumber: true },
];

export function Peers({ row, detail }: { row: TorrentRow; detail: TorrentDetail }): JSX.Element {
  return (
    <>
      <Connected row={row} detail={detail} />
      {detail.isPrivate ? (
        <p class="quiet">{words.inspector.peerPrivate()}</p>
      ) : detail.outOfReach !== null ? (
        detail.outOfReach > 0 && <p class="quiet">{words.inspector.peerOutOfReach({ count: detail.outOfReach })}</p>
      ) : (
        <LineForm
          label={words.inspector.peerNew()}
          example="198.51.100.7:6881"
          action={words.inspector.peerAdd()}
          save={text => {
            const peer = readPeer(text);
            return peer === null
              ? Promise.resolve(words.inspector.peerNotAPeer())
              : command({ do: 'addPeer', id: detail.id, ...peer });
          }}
        />
      )}
      <Banned row={row} />
    </>
  );
}

/** Reads `host:port`, an IPv6 address in brackets; null where it is none. The engine looks closer. */
function readPeer(text: string): { readonly host: string; readonly port: number } | null {
  const [, inBrackets, host = inBrackets, port] = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text.trim()) ?? [];
  return host === undefined || Number(port) < 1 || Number(port) > 65_535 ? null : { host, port: Number(port) };
}

function Connected({ row, detail }: { row: TorrentRow; detail: TorrentDetail }): JSX.Element {
  const sort = useSignal<PeerSort>({ by: 'down', isDescending: true });
  const menu = useSignal<{ readonly peer: PeerRow; readonly x: number; readonly y: number } | null>(null);
  if (detail.peers.length === 0)
    return <p class="quiet">{words.inspector.peerNone({ status: statusOf(row, store.roots.value).text })}</p>;
  const sortBy = (by: PeerColumn, isNumber: boolean): void => {
    const before = sort.value;
    sort.value = { by, isDescending: before.by === by ? !before.isDescending : isNumber };
  };
  return (
    <>
      <table class="plain-table peers-table">
        <thead>
          <tr>
            {COLUMNS.map(column => (
              <Head key={column.by} {...column} sort={sort.value} onSort={() => sortBy(column.by, column.isNumber)} />
            ))}
            <th>{words.inspector.peerFlags()}</th>
            <th class="number">{words.inspector.peerAsked()}</th>
            <th>
              <span class="sr-only">{words.inspector.peerActions()}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {sortPeers(detail.peers, sort.value).map(peer => (
            <tr key={peer.id}>
              <td class="address">
                <bdi>{addressOf(peer)}</bdi>
              </td>
              <td>
                <bdi>{peer.client}</bdi>
              </td>
              <td class="number">{formatPercent(peer.progress)}</td>
              <td class="number down">{peer.down > 0 ? formatRate(peer.down) : ''}</td>
              <td class="number up">{peer.up > 0 ? formatRate(peer.up) : ''}</td>
              <td class="peer-flags">{formatList(flagsOf(peer))}</td>
              <td class="number">{peer.requests > 0 ? peer.requests : ''}</td>
              <td>
                {hostOf(peer) !== '' && (
                  <button
                    type="button"
                    class="icon-button"
                    aria-label={words.inspector.peerActionsFor({ address: peer.address })}
                    aria-haspopup="menu"
                    onClick={event => {
                      const box = event.currentTarget.getBoundingClientRect();
                      menu.value = { peer, x: box.left, y: box.bottom };
                    }}
                  >
                    <Icon of={Ellipsis} size={16} />
                  </button>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {menu.value !== null && (
        <Menu
          label={words.inspector.peerActionsFor({ address: menu.value.peer.address })}
          items={actionsFor(row, menu.value.peer)}
          x={menu.value.x}
          y={menu.value.y}
          onClose={() => (menu.value = null)}
        />
      )}
    </>
  );
}

function actionsFor(row: TorrentRow, peer: PeerRow) {
  const host = hostOf(peer);
  return [
    { label: words.inspector.peerCopyAddress(), act: () => void copy(peer.address, 'address') },
    { label: words.inspector.peerBanHere(), danger: true, act: () => void banHere(row.id, host) },
    { label: words.inspector.peerBanEverywhere(), danger: true, act: () => void banEverywhere(host) },
  ];
}

interface HeadProps {
  readonly by: PeerColumn;
  readonly label: () => string;
  readonly isNumber: boolean;
  readonly sort: PeerSort;
  onSort(): void;
}

function Head({ by, label, isNumber, sort, onSort }: HeadProps): JSX.Element {
  const isSorted = sort.by === by;
  return (
    <th class={isNumber ? 'number' : undefined} aria-sort={isSorted ? (sort.isDescending ? 'descending' : 'ascending') : 'none'}>
      <button type="button" class="sort-button" onClick={onSort}>
        {label()}
        {isSorted && <Icon of={sort.isDescending ? ArrowDown : ArrowUp} size={12} />}
      </button>
    </th>
  );
}

/** Those that a person keeps out of this torrent. */
function Banned({ row }: { readonly row: TorrentRow }): JSX.Element | null {
  const { banned } = row.options;
  if (banned.length === 0) return null;
  return (
    <ul class="banned" aria-label={words.inspector.peerBanned()}>
      <li class="quiet">{words.inspector.peerBannedHead()}</li>
      {banned.map(host => (
        <li key={host}>
          <button
            type="button"
            class="button button-small"
            aria-label={words.inspector.peerLetIn({ address: host })}
            onClick={() => void letInHere(row.id, host)}
          >
            {host}
            <Icon of={X} size={12} />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** WebRTC peers have no port, and often no address that a page is told. */
function addressOf({ address, transport }: PeerRow): string {
  return transport === 'webrtc' && address === '' ? 'WebRTC' : address;
}
