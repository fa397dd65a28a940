import type { JSX } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { visit } from './actions.ts';
import { whenCalm } from './calm.ts';
import { followAddress, giveUp, hasDetails, missing } from './navigation.ts';
import { store } from './store.ts';
import { layout } from './ui/layout.ts';
import { lazy } from './ui/lazy.tsx';
import { onKey } from './views/app-keys.ts';
import { Banner } from './views/banner.tsx';
import { ClosingDialog, ClosingLine } from './views/closing.tsx';
import { PortText } from './views/connection.tsx';
import { DropTarget } from './views/drop-target.tsx';
import { FolderSaveBanner } from './views/folder-save.tsx';
import { NotInList } from './views/not-in-list.tsx';
import { Notices } from './views/notices.tsx';
import { Overlays } from './views/overlays.tsx';
import { Playing } from './views/playing.tsx';
import { isFirstOpen } from './views/empty.tsx';
import { BottomTabs, Chips, Sidebar } from './views/sidebar.tsx';
import { Table } from './views/table.tsx';
import { AddButton, TopBar } from './views/topbar.tsx';
import { words } from './words/words.ts';

const leave = (): void => visit('torrents');
const Activity = lazy(
  async () => (await import('./views/activity.tsx')).Activity,
  leave,
  'activity',
  'chart',
  'history',
  'network',
  'reachability',
);
const Inspector = lazy(
  async () => (await import('./views/inspector.tsx')).Inspector,
  giveUp,
  'files',
  'folderSave',
  'inspector',
  'labels',
  'logLines',
  'now',
  'options',
  'peerFlags',
  'pieceMap',
  'reasons',
  'said',
  'remedies',
);
const Settings = lazy(
  async () => (await import('./views/settings.tsx')).Settings,
  leave,
  'diagnostics',
  'folders',
  'options',
  'pairedApps',
  'settings',
);

interface Props {
  readonly updateWaiting: { readonly value: boolean };
  applyUpdate(): void;
}

export function App({ updateWaiting, applyUpdate }: Props): JSX.Element {
  const shape = layout.value;
  const page = store.page.value;
  const torrents = page === 'torrents';
  // On a phone the details are a page of their own: what lies under it is out of reach, once they are there.
  const isPage = shape === 'phone' && hasDetails.value;
  const covered = isPage && (missing.value !== null || Inspector.isThere.value);
  const details = missing.value !== null ? <NotInList /> : hasDetails.value ? <Inspector /> : null;
  useLayoutEffect(followAddress, []);
  useEffect(() => void whenCalm().then(() => Promise.all([Inspector.prepare(), PortText.prepare()])), []);
  useEffect(() => {
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return (
    <div class={`app app-${shape}`}>
      {shape === 'wide' && <Sidebar />}
      <div class="body" inert={covered}>
        <TopBar />
        <Banner update={updateWaiting.value} onUpdate={applyUpdate} />
        <FolderSaveBanner />
        {torrents && shape !== 'wide' && <Chips />}
        {torrents && shape === 'phone' && <ClosingLine />}
        <main class="main">
          {torrents && <h1 class="sr-only">{words.table.label()}</h1>}
          {torrents && <Table />}
          {page === 'activity' && <Activity />}
          {page === 'settings' && <Settings />}
          {torrents && shape !== 'phone' && details}
        </main>
        {torrents && shape !== 'phone' && <ClosingLine />}
        {shape === 'phone' && torrents && !isFirstOpen() && <AddButton />}
        {shape === 'phone' && <BottomTabs />}
      </div>
      {isPage && details}
      <Overlays />
      <Playing />
      <ClosingDialog />
      <DropTarget />
      <Notices />
    </div>
  );
}
