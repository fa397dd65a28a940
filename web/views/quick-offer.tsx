import type { JSX } from 'preact';
import { QUICK_PAGE, type Source } from '../../sw/api.ts';
import { store } from '../store.ts';
import { translated } from '../told.ts';
import { words } from '../words/words.ts';

/** Why the engine cannot run in this browser, a sentence; empty where it can, or a helper runs it. */
export function cannotHost(): string {
  if (store.isUnhosted.value) return words.connection.unhostedText();
  const { state, browser } = store.connection.value;
  return state === 'unpaired' ? translated(browser?.problem ?? '') : '';
}

/** What can be done all the same. `why`: a sentence before; `source`: what is to be downloaded, of which a link goes along. */
export function QuickOffer({ why, source = null }: { why: string; source?: Source | null }): JSX.Element {
  const magnet = source?.kind === 'magnet' ? `#magnet=${encodeURIComponent(source.uri)}` : '';
  return (
    <div class="quick-offer">
      <p>{source?.kind === 'file' ? words.window.quickWorksWithFile({ why }) : words.window.quickWorks({ why })}</p>
      <a class="button button-main" href={`${QUICK_PAGE}${magnet}`}>
        {words.window.quick()}
      </a>
    </div>
  );
}
