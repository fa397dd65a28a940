import { Lock, LockOpen } from 'lucide';
import type { JSX } from 'preact';
import type { PeerRow, TorrentDetail, TorrentRow } from '../../sw/view-model.ts';
import { formatPercent, formatRate, plural } from '../format.ts';
import { command } from '../actions.ts';
import { statusOf } from '../words.ts';
import { store } from '../store.ts';
import { LineForm } from '../ui/line-form.tsx';
import { Icon } from '../ui/icon.tsx';

const NO_PEER = 'Type an address and its port: 198.51.100.7:6881, [2001:db8::7]:6881, or a name in place of the address.';

export function Peers({ row, detail }: { row: TorrentRow; detail: TorrentDetail }): JSX.Element {
  return (
    <>
      <Connected row={row} detail={detail} />
      {detail.isPrivate ? (
        <p class="quiet">This torrent is private: its peers come from its trackers alone.</p>
      ) : detail.outOfReach !== null ? (
        detail.outOfReach > 0 && (
          <p class="quiet">
            {plural(detail.outOfReach, 'peer that is known needs', 'peers that are known need')} the helper: a browser cannot go
            to their addresses.
          </p>
        )
      ) : (
        <LineForm
          label="New peer"
          example="198.51.100.7:6881"
          action="Add peer"
          save={text => {
            const peer = readPeer(text);
            return peer === null ? Promise.resolve(NO_PEER) : command({ do: 'addPeer', id: detail.id, ...peer });
          }}
        />
      )}
    </>
  );
}

/** Reads `host:port`, an IPv6 address in brackets; null where it is none. The engine looks closer. */
function readPeer(text: string): { readonly host: string; readonly port: number } | null {
  const [, inBrackets, host = inBrackets, port] = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text.trim()) ?? [];
  return host === undefined || Number(port) < 1 || Number(port) > 65_535 ? null : { host, port: Number(port) };
}

function Connected({ row, detail }: { row: TorrentRow; detail: TorrentDetail }): JSX.Element {
  if (detail.peers.length === 0)
    return <p class="quiet">No peer is connected: {statusOf(row, store.roots.value).text.toLowerCase()}.</p>;
  const peers = [...detail.peers].sort((a, b) => b.down + b.up - (a.down + a.up) || (a.address < b.address ? -1 : 1));
  return (
    <table class="plain-table">
      <thead>
        <tr>
          <th>Address</th>
          <th>Client</th>
          <th class="number">Has</th>
          <th class="number">Down</th>
          <th class="number">Up</th>
          <th>Now</th>
        </tr>
      </thead>
      <tbody>
        {peers.map(peer => (
          <tr key={peer.id}>
            <td class="address">{addressOf(peer)}</td>
            <td>
              {peer.client} <Encryption of={peer.encryption} />
            </td>
            <td class="number">{formatPercent(peer.progress)}</td>
            <td class="number down">{peer.down > 0 ? formatRate(peer.down) : ''}</td>
            <td class="number up">{peer.up > 0 ? formatRate(peer.up) : ''}</td>
            <td>{nowOf(peer)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Nothing for a plain connection, which most are. */
function Encryption({ of }: { of: PeerRow['encryption'] }): JSX.Element | null {
  if (of === 'none') return null;
  const label = of === 'full' ? 'Encrypted' : 'Encrypted handshake';
  return (
    <span class="quiet" role="img" aria-label={label} title={label}>
      <Icon of={of === 'full' ? Lock : LockOpen} size={12} />
    </span>
  );
}

/** WebRTC peers have no port, and often no address that a page is told. */
function addressOf({ address, transport }: PeerRow): string {
  if (transport !== 'webrtc') return address;
  return address === '' ? 'WebRTC' : `${address} · WebRTC`;
}

function nowOf(peer: PeerRow): string {
  const doing = [];
  if (peer.downloading) doing.push(peer.requests > 0 ? `sends to us, ${peer.requests} asked` : 'may send to us');
  if (peer.uploading) doing.push('receives from us');
  if (doing.length === 0) doing.push('waits');
  if (peer.incoming) doing.push('came to us');
  if (peer.transport === 'utp') doing.push('over uTP');
  return doing.join(' · ');
}
