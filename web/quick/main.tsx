import { render } from 'preact';
import '../styles/tokens.css';
import '../styles/controls.css';
import '../styles/shell.css';
import '../styles/table.css';
import '../styles/panels.css';
import '../styles/share.css';
import { addText } from '../adding.ts';
import { takeRequest } from '../address.ts';
import { notify } from '../notices.ts';
import { store } from '../store.ts';
import { connect } from '../window.ts';
import { loadFirstWords, loadWords, words } from '../words/words.ts';
import { QuickEngine, tooLarge } from './engine.ts';
import { heldBytes } from './held.ts';
import { plainFetch } from './plain-fetch.ts';
import { QuickPage } from './page.tsx';

async function start(): Promise<void> {
  const root = document.getElementById('app');
  if (root === null) throw new Error('The page has no place for the app');
  try {
    await Promise.all([
      loadFirstWords(),
      loadWords('add', 'files', 'now', 'quick', 'reasons', 'remedies', 'removal', 'said', 'sharing'),
    ]);
  } catch (cause) {
    console.error('The texts of the page could not be loaded.', cause);
    root.textContent = 'Starling could not be loaded. Look at the connection, and load the page again.';
    return;
  }
  document.title = words.quick.windowTitle();
  // Taken up by webtorrent when it is loaded.
  globalThis.fetch = plainFetch(globalThis.fetch.bind(globalThis));
  const engine = new QuickEngine();
  store.memory.value = { heldBytes, tooLarge };
  connect(() => Promise.resolve(engine.open()));
  render(<QuickPage engine={engine} />, root);
  const takeAddress = (): void => {
    const { magnet } = takeRequest();
    if (magnet !== null && !addText(magnet)) notify(words.adding.noMagnet(), 'bad');
  };
  takeAddress();
  addEventListener('hashchange', takeAddress);
  // What is in memory goes with the page.
  addEventListener('beforeunload', event => {
    if (store.counts.peek().all > 0) event.preventDefault();
  });
}

void start();
