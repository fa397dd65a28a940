import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { PairedApp } from '../../sw/api.ts';
import { command } from '../actions.ts';
import { isolated, shownText } from '../format.ts';
import { notify } from '../notices.ts';
import { describeApp, readPairedApps } from '../paired-apps.ts';
import { whether, words } from '../words/words.ts';
import { Setting, titleId } from './setting.tsx';

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
  const texts = words.pairedApps;
  const unpair = async ({ id, name, isThis }: PairedApp): Promise<void> => {
    const refused = await command({ do: 'unpair', app: id });
    if (refused !== null) return notify(refused, 'bad');
    setApps(apps.filter(app => app.id !== id));
    notify(isThis ? texts.unpairedThis() : texts.unpaired({ app: isolated(shownText(name)) }));
  };
  return (
    <Setting id="paired" isTitled>
      <p class="quiet">{texts.text()}</p>
      <ul class="roots" aria-labelledby={titleId('paired')}>
        {apps.map(app => (
          <li key={app.id} class="root">
            <div class="root-words">
              <span class="root-name">
                {app.name}
                {app.isThis && <span class="root-default">{texts.thisBrowser()}</span>}
              </span>
              <span class="quiet">{describeApp(app, Date.now())}</span>
            </div>
            <button
              type="button"
              class="button button-small"
              aria-label={texts.unpairOne({
                here: whether(app.isThis),
                app: isolated(shownText(app.name)),
                origin: isolated(app.origin),
              })}
              onClick={() => void unpair(app)}
            >
              {texts.unpair()}
            </button>
          </li>
        ))}
      </ul>
    </Setting>
  );
}
