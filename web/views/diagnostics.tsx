import { Copy } from 'lucide';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { WorkerStats } from '../../sw/api.ts';
import { copy } from '../clipboard.ts';
import { factsOf, readStats, reportOf } from '../diagnostics.ts';
import { store } from '../store.ts';
import { Icon } from '../ui/icon.tsx';
import { words } from '../words/words.ts';

/** How often what is looked at is read anew, ms. */
const PERIOD = 2000;

/** How the helper runs, in numbers that are read only while they are looked at. */
export function Diagnostics(): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <details class="diagnostics" onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{words.settings.diagnostics()}</summary>
      {isOpen && <Numbers />}
    </details>
  );
}

function Numbers(): JSX.Element {
  const [stats, setStats] = useState<WorkerStats | null>(null);
  const [isSilent, setIsSilent] = useState(false);
  useEffect(() => {
    let isGone = false;
    let timer = 0;
    const look = async (): Promise<void> => {
      if (!document.hidden) {
        const read = await readStats();
        if (isGone) return;
        setStats(read);
        setIsSilent(read === null);
      }
      timer = window.setTimeout(() => void look(), PERIOD);
    };
    void look();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, []);
  if (stats === null) return <p class="quiet">{isSilent ? words.diagnostics.silent() : words.diagnostics.asked()}</p>;
  const { version } = store.connection.value;
  return (
    <>
      <dl class="facts">
        {factsOf(stats, version).map(({ name, text }) => (
          <div key={name} class="fact">
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <button
        type="button"
        class="button"
        onClick={() => void copy(reportOf(stats, version, navigator.userAgent), 'diagnostics')}
      >
        <Icon of={Copy} /> {words.diagnostics.copy()}
      </button>
      <p class="quiet">{words.diagnostics.names()}</p>
    </>
  );
}
