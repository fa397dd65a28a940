import { signal } from '@preact/signals';
import { h, render } from 'preact';
import { App } from '../../../web/app.tsx';
import { rememberList } from '../../../web/list-choices.ts';
import { followViews } from '../../../web/saved-views.ts';
import { shareOver } from '../../../web/shared.ts';
import { connect } from '../../../web/window.ts';
import { loadAgainBy } from '../../../web/ui/lazy.tsx';
import { loadAgain, RELOADS } from '../../../web/load-again.ts';
import { loadFirstWords } from '../../../web/words/words.ts';
import { isScenario } from '../../fakes/mock-scenarios.ts';
import { MockWorker } from '../../fakes/mock-worker.ts';
import '../../../web/styles/tokens.css';
import '../../../web/styles/controls.css';
import '../../../web/styles/shell.css';
import '../../../web/styles/table.css';
import '../../../web/styles/panels.css';
import '../../../web/styles/share.css';
import '../../../web/styles/saving.css';

/** The interface on a mock worker: `?scenario=nine` and so on. The mock stands in the window for scripts to drive. */
declare global {
  var mock: MockWorker;
}

const query = new URLSearchParams(location.search);
const scenario = query.get('scenario') ?? 'nine';
if (!isScenario(scenario)) throw new Error(`There is no scenario “${scenario}”; mock-scenarios.ts has them.`);
globalThis.mock = new MockWorker(scenario);
const root = document.getElementById('app');
if (root === null) throw new Error('The page has no place for the app');
shareOver(() => Promise.resolve(globalThis.mock.openShare()));
connect(() => Promise.resolve(globalThis.mock.open()));
// The app itself does; here tests see what is said where a part does not come.
if (query.has('reloads')) loadAgainBy(() => loadAgain(RELOADS.parts));
await loadFirstWords();
rememberList();
followViews();
render(h(App, { updateWaiting: signal(query.has('update')), applyUpdate: () => undefined }), root);
