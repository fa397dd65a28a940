import type { JSX } from 'preact';
import { labelling, relocating, removing } from '../actions.ts';
import { asking, current } from '../adding.ts';
import { browsing } from '../folders.ts';
import { draft, shownLinks } from '../sharing.ts';
import { lazy } from '../ui/lazy.tsx';

/** What stands over everything else while there is something in it, each fetched when there first is. */
const OVERLAYS = [
  { holds: asking, View: lazy(async () => (await import('./add-dialog.tsx')).AddDialog) },
  { holds: current, View: lazy(async () => (await import('./add-sheet.tsx')).AddSheet) },
  { holds: removing, View: lazy(async () => (await import('./remove-dialog.tsx')).RemoveDialog) },
  { holds: labelling, View: lazy(async () => (await import('./labels-dialog.tsx')).LabelsDialog) },
  { holds: relocating, View: lazy(async () => (await import('./relocate-dialog.tsx')).RelocateDialog) },
  { holds: browsing, View: lazy(async () => (await import('./folder-dialog.tsx')).FolderDialog) },
  { holds: draft, View: lazy(async () => (await import('./share-sheet.tsx')).ShareSheet) },
  { holds: shownLinks, View: lazy(async () => (await import('./share-links.tsx')).ShareLinks) },
];

export function Overlays(): JSX.Element {
  return (
    <>{OVERLAYS.map(({ holds, View }, index) => (holds.value === null || holds.value === false ? null : <View key={index} />))}</>
  );
}
