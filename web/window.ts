import { effect } from '@preact/signals';
import type { LeftFiles } from '../sw/api.ts';
import type { DetailPart, News } from '../sw/view-model.ts';
import { sendCommandsTo } from './actions.ts';
import { adoptUnfinished, bringBack, cancelledElsewhere, current, takeOver } from './adding.ts';
import { Client, type Door } from './client.ts';
import { notify } from './notices.ts';
import { isFromHelper, isTried } from './pairing.ts';
import { describeSaid } from './refusals.ts';
import { selection } from './selection.ts';
import { shownLinks } from './shared.ts';
import { store, type Tab } from './store.ts';
import { tellNotLoaded } from './ui/lazy.tsx';
import { loadWords } from './words/words.ts';

/** What a tab shows of each piece or entry. */
const PARTS: Partial<Readonly<Record<Tab, DetailPart>>> = { general: 'pieces', pieces: 'pieces', log: 'log' };

/** Joins the client and the store: what the worker says is shown, what is shown is said to the worker. */
export function connect(open: () => Promise<Door>): void {
  let first = true;
  const client = new Client(open, {
    link: state => {
      store.link.value = state;
      if (state === 'open' && document.hasFocus()) client.focus();
    },
    message: message => {
      if (message.type === 'notice') return void describeSaid(message.said).then(text => notify(text, 'lasting'));
      if (message.type === 'left') return void tellLeft(message.left).catch(tellNotLoaded);
      if (message.type === 'handoff') {
        takeOver(message);
        return client.shown(message.handoff);
      }
      if (message.type === 'news') return void tellNews(message.news).catch(tellNotLoaded);
      store.apply(message);
      if (message.type === 'delta') return cancelledElsewhere(message.removed);
      if (first) adoptUnfinished();
      first = false;
      bringBack();
    },
  });
  sendCommandsTo(command => client.send(command));
  const watch = (): void => {
    const shown = store.inspectorOpen.value && store.page.value === 'torrents' ? selection.focused.value : null;
    const detail = current.value === null ? (shownLinks.value ?? shown) : current.value.id;
    if (store.detail.peek()?.id !== detail) store.detail.value = null;
    const part = detail === shown ? PARTS[store.tab.value] : null;
    client.watch(document.visibilityState === 'visible', detail, part ?? null);
  };
  effect(watch);
  effect(lookForHelper);
  document.addEventListener('visibilitychange', watch);
  addEventListener('focus', () => client.focus());
  void client.run();
}

// What is told now and then is put into words that are fetched for it.
async function tellLeft(left: LeftFiles): Promise<void> {
  const [{ describeLeft }] = await Promise.all([import('./left.ts'), loadWords('left')]);
  notify(describeLeft(left, store.roots.peek()), 'grave');
}

async function tellNews(news: readonly News[]): Promise<void> {
  const [{ describeNews }] = await Promise.all([import('./news.ts'), loadWords('news')]);
  notify(describeNews(news, Date.now()), 'lasting');
}

/** While it is away: whether it is the browser that keeps a website from it. */
function lookForHelper(): void {
  const { state } = store.connection.value;
  if (state === 'connected') isTried.value = false;
  else if (state === 'disconnected' && !isFromHelper())
    import('./loopback.ts')
      .then(({ followLoopback }) => followLoopback())
      .catch((cause: unknown) => console.warn('Whether the helper may be reached could not be looked at.', cause));
}
