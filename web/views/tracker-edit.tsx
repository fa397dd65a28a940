import type { JSX } from 'preact';
import type { TorrentDetail, TorrentId } from '../../sw/view-model.ts';
import { command, run } from '../actions.ts';
import { copy } from '../clipboard.ts';
import { notify } from '../notices.ts';
import { moveTier, tiersOf } from '../tiers.ts';
import { Menu } from '../ui/menu.tsx';

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
    { label: 'Ask again', act: () => run({ do: 'announce', ids: [id], url }) },
    { label: 'Copy address', act: () => void copy(url, 'address') },
    { label: 'Edit', act: () => onEdit(url) },
    { label: 'Move to an earlier tier', act: () => change(moveTier(detail, url, -1)) },
    { label: 'Move to a later tier', act: () => change(moveTier(detail, url, 1)) },
    { label: 'Remove', danger: true, act: () => change(tiersOf(detail, other => (other === url ? null : other))) },
  ];
  return <Menu label={`Actions for ${url}`} items={items} x={x} y={y} onClose={onClose} />;
}
