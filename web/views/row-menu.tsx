import type { JSX } from 'preact';
import { askToRemove, copy, isRunning, open, pause, resume } from '../actions.ts';
import { selection } from '../selection.ts';
import { Menu, type MenuItem } from '../ui/menu.tsx';

interface Props {
  readonly x: number;
  readonly y: number;
  onClose(): void;
}

/** What can be done with the selected torrents. */
export function RowMenu({ x, y, onClose }: Props): JSX.Element {
  const ids = [...selection.ids.value];
  const [first] = ids;
  const running = ids.filter(isRunning);
  const stopped = ids.filter(id => !isRunning(id));
  const items: MenuItem[] = [];
  if (first !== undefined && ids.length === 1) items.push({ label: 'Details', shortcut: 'Enter', act: () => open(first) });
  if (stopped.length > 0) items.push({ label: 'Resume', act: () => resume(stopped) });
  if (running.length > 0) items.push({ label: 'Pause', act: () => pause(running) });
  if (first !== undefined && ids.length === 1) items.push({ label: 'Copy info-hash', act: () => void copy(first, 'Info-hash') });
  items.push({ label: 'Remove…', shortcut: 'Delete', danger: true, act: () => askToRemove(ids) });
  return <Menu label="Actions for the selected torrents" items={items} x={x} y={y} onClose={onClose} />;
}
