import { ArrowLeft } from 'lucide';
import type { JSX } from 'preact';
import { giveUp } from '../navigation.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { layout } from '../ui/layout.ts';

/** In place of the details, where an address names a torrent that the list does not have. */
export function NotInList(): JSX.Element {
  const isReady = store.loaded.value && store.connection.value.state !== 'connecting';
  return (
    <section class={`inspector inspector-${layout.value} inspector-missing`} aria-label="Details">
      <div role="status">
        <h2>{isReady ? 'This torrent is not in the list' : 'Looking for the torrent…'}</h2>
        {isReady && <p>It may have been removed since, or be in another browser. Add it again by its magnet link or its file.</p>}
      </div>
      <button type="button" class="button" onClick={giveUp}>
        <Icon of={ArrowLeft} size={16} /> Back to the list
      </button>
    </section>
  );
}
