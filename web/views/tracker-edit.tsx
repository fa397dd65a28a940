import type { JSX } from 'preact';
import type { TorrentDetail, TorrentId } from '../../sw/view-model.ts';
import { command, run } from '../actions.ts';
import { copy } from '../clipboard.ts';
import { notify } from '../notices.ts';
import { moveTier, tiersOf } from '../tiers.ts';
import { Menu } from '../ui/menu.tsx';
import { words } from '../words/words.ts';

/** Answers why it was refused; null when it was done. */
export function setTiers(id: TorrentId, tiers: readonly (readonly string[])[]): Promise<string | null> {
  return command({ do: 'trackers', id, tiers });
}

interface MenuProps {
  readonly detail: TorrentDetail;
  readonly url: string;
  readonly x: number;
  readonly y: number;
  onEdit(url: string): void;
  onClose(): void;
}

/** What can be done with one tracker. */
export function TrackerMenu({ detail, url, x, y, onEdit, onClose }: MenuProps): JSX.Element {
  const { id } = detail;
  const change = (tiers: readonly (readonly string[])[]): void => {
    void setTiers(id, tiers).then(refused => {
      if (refused !== null) notify(refused, 'bad');
    });
  };
  const items = [
    { label: words.inspector.trackerAskAgain(), act: () => run({ do: 'announce', ids: [id], url }) },
    { label: words.inspector.trackerCopyAddress(), act: () => void copy(url, 'address') },
    { label: words.inspector.trackerEdit(), act: () => onEdit(url) },
    { label: words.inspector.trackerEarlier(), act: () => change(moveTier(detail, url, -1)) },
    { label: words.inspector.trackerLater(), act: () => change(moveTier(detail, url, 1)) },
    {
      label: words.inspector.trackerRemove(),
      danger: true,
      act: () => change(tiersOf(detail, other => (other === url ? null : other))),
    },
  ];
  return <Menu label={words.inspector.trackerActionsFor({ url })} items={items} x={x} y={y} onClose={onClose} />;
}
