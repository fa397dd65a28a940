import { render } from 'preact';
import './styles/tokens.css';
import './styles/controls.css';
import './styles/shell.css';
import './styles/table.css';
import './styles/panels.css';
import './styles/share.css';
import './styles/saving.css';
import { run } from './actions.ts';
import { addText } from './adding.ts';
import { takeRequest } from './address.ts';
import { App } from './app.tsx';
import { rememberList } from './list-choices.ts';
import { whenCalm } from './calm.ts';
import type { Door } from './client.ts';
import { watchKept } from './kept.ts';
import { loadAgain, RELOADS } from './load-again.ts';
import { restoreAddress } from './navigation.ts';
import { notify } from './notices.ts';
import { installId, tradeSecret } from './pair.ts';
import { connect } from './window.ts';
import { lookPersistence } from './persistence.ts';
import { followViews } from './saved-views.ts';
import { store } from './store.ts';
import { shareOver } from './shared.ts';
import { loadAgainBy } from './ui/lazy.tsx';
import { loadFirstWords, speakEnglish, words } from './words/words.ts';
import { applyUpdate, followUpdates, openDoor, openShare, registerWorker, updateWaiting } from './worker.ts';

async function pair(secret: string): Promise<void> {
  const install = installId();
  const paired = await tradeSecret(secret, install);
  if ('token' in paired) run({ do: 'pair', token: paired.token, installId: install, port: Number(location.port) });
  else notify(paired.refused, 'bad');
}

async function start(): Promise<void> {
  const root = document.getElementById('app');
  if (root === null) throw new Error('The page has no place for the app');
  const takeAddress = (): void => {
    const { secret, magnet } = takeRequest();
    if (secret !== null || magnet !== null) restoreAddress();
    if (secret !== null) void pair(secret);
    if (magnet !== null && !addText(magnet)) notify(words.adding.noMagnet(), 'bad');
  };
  const looked = watchKept().catch((cause: unknown) => console.warn('What the browser keeps could not be looked at.', cause));
  const registered = looked.then(registerWorker);
  registered.catch((cause: unknown) => {
    console.error('The worker could not be registered.', cause);
    store.isUnhosted.value = true;
  });
  loadAgainBy(() => loadAgain(RELOADS.parts));
  // Commands wait in the client until the worker is there; the page does not wait.
  connect(() => registered.then(openDoor, () => new Promise<Door>(() => {})));
  shareOver(() => registered.then(openShare));
  try {
    await loadFirstWords();
  } catch (cause) {
    if (loadAgain(RELOADS.parts) || speakEnglish()) return;
    console.error('The texts of the app could not be loaded.', cause);
    root.textContent = 'Starling could not be loaded. Look at the connection, and load the page again.';
    return;
  }
  rememberList();
  followViews();
  render(<App updateWaiting={updateWaiting} applyUpdate={applyUpdate} />, root);
  takeAddress();
  void lookPersistence();
  addEventListener('hashchange', takeAddress);
  registered
    .then(whenCalm)
    .then(followUpdates)
    .catch((cause: unknown) => console.warn('Nobody looks out for newer versions of the app.', cause));
}

void start();
