import type { JSX } from 'preact';
import { labelling, relocating, removing } from '../actions.ts';
import { asking, current } from '../adding.ts';
import { browsing } from '../folders.ts';
import { palette } from '../palette.ts';
import { draft, shownLinks } from '../shared.ts';
import { listed } from '../shortcuts.ts';
import { lazy } from '../ui/lazy.tsx';

/** Takes back what an overlay stands for. */
const empty =
  (of: { value: unknown }): (() => void) =>
  () => {
    of.value = null;
  };

/** What stands over everything else while there is something in it, each fetched when there first is. */
const OVERLAYS = [
  {
    holds: asking,
    View: lazy(
      async () => (await import('./add-dialog.tsx')).AddDialog,
      () => (asking.value = false),
      'add',
      'sharing',
    ),
  },
  // A torrent that is being added is not dropped for that.
  {
    holds: current,
    View: lazy(
      async () => (await import('./add-sheet.tsx')).AddSheet,
      null,
      'add',
      'files',
      'now',
      'reasons',
      'remedies',
      'said',
    ),
  },
  { holds: removing, View: lazy(async () => (await import('./remove-dialog.tsx')).RemoveDialog, empty(removing), 'removal') },
  { holds: labelling, View: lazy(async () => (await import('./labels-dialog.tsx')).LabelsDialog, empty(labelling), 'labels') },
  {
    holds: relocating,
    View: lazy(async () => (await import('./relocate-dialog.tsx')).RelocateDialog, empty(relocating), 'relocate'),
  },
  { holds: browsing, View: lazy(async () => (await import('./folder-dialog.tsx')).FolderDialog, empty(browsing), 'folders') },
  { holds: draft, View: lazy(async () => (await import('./share-sheet.tsx')).ShareSheet, empty(draft), 'share', 'sharing') },
  {
    holds: shownLinks,
    View: lazy(async () => (await import('./share-links.tsx')).ShareLinks, empty(shownLinks), 'share', 'sharing'),
  },
  {
    holds: palette,
    View: lazy(
      async () => (await import('./palette.tsx')).Palette,
      () => (palette.value = false),
      'folderSave',
      'palette',
      'settings',
      'menus',
    ),
  },
  {
    holds: listed,
    View: lazy(
      async () => (await import('./shortcuts-dialog.tsx')).ShortcutsDialog,
      () => (listed.value = false),
      'shortcuts',
    ),
  },
];

export function Overlays(): JSX.Element {
  return (
    <>{OVERLAYS.map(({ holds, View }, index) => (holds.value === null || holds.value === false ? null : <View key={index} />))}</>
  );
}
