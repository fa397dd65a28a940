import { ArrowLeft } from 'lucide';
import type { JSX } from 'preact';
import { giveUp } from '../navigation.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { layout } from '../ui/layout.ts';
import { words } from '../words/words.ts';

/** In place of the details, where an address names a torrent that the list does not have. */
export function NotInList(): JSX.Element {
  const isReady = store.loaded.value && store.connection.value.state !== 'connecting';
  return (
    <section class={`inspector inspector-${layout.value} inspector-missing`} aria-label={words.window.details()}>
      <div role="status">
        <h2>{isReady ? words.window.notInList() : words.window.lookingForIt()}</h2>
        {isReady && <p>{words.window.notInListMeans()}</p>}
      </div>
      <button type="button" class="button" onClick={giveUp}>
        <Icon of={ArrowLeft} size={16} isDirected /> {words.window.backToList()}
      </button>
    </section>
  );
}
