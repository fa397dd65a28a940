import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PairedApp } from '../../sw/api.ts';
import { command } from '../actions.ts';
import { notify } from '../notices.ts';
import { Setting, titleId } from './setting.tsx';
import { describeApp, readPairedApps } from '../paired-apps.ts';

/** How often the list is read anew while it is looked at, ms. */
const PERIOD = 3000;

/** Who may use the helper of this computer, and the way to take that back. */
export function PairedApps(): JSX.Element | null {
  const [apps, setApps] = useState<readonly PairedApp[]>([]);
  useEffect(() => {
    let isGone = false;
    let timer = 0;
    const look = async (): Promise<void> => {
      const read = document.hidden ? null : await readPairedApps();
      if (isGone) return;
      if (read !== null) setApps(read);
      timer = window.setTimeout(() => void look(), PERIOD);
    };
    void look();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, []);
  if (apps.length === 0) return null;
  const unpair = async ({ id, name, isThis }: PairedApp): Promise<void> => {
    const refused = await command({ do: 'unpair', app: id });
    if (refused !== null) return notify(refused, 'bad');
    setApps(apps.filter(app => app.id !== id));
    notify(isThis ? 'This browser is paired no more.' : `${name} is paired no more.`);
  };
  return (
    <Setting id="paired" isTitled>
      <p class="quiet">These may use the helper of this computer: download, delete what was downloaded, and connect to peers.</p>
      <ul class="roots" aria-labelledby={titleId('paired')}>
        {apps.map(app => (
          <li key={app.id} class="root">
            <div class="root-words">
              <span class="root-name">
                {app.name}
                {app.isThis && <span class="root-default">This browser</span>}
              </span>
              <span class="quiet">{describeApp(app, Date.now())}</span>
            </div>
            <button
              type="button"
              class="button button-small"
              aria-label={`Unpair ${app.name} at ${app.origin}${app.isThis ? ', this browser' : ''}`}
              onClick={() => void unpair(app)}
            >
              Unpair
            </button>
          </li>
        ))}
      </ul>
    </Setting>
  );
}
