import type { JSX } from 'preact';
import { formatCount, formatRate } from '../format.ts';
import { store } from '../store.ts';
import { layout } from '../ui/layout.ts';

/** What all torrents do together. */
export function Activity(): JSX.Element {
  const { downloading, seeding } = store.counts.value;
  return (
    <div class="settings">
      {layout.value !== 'phone' && <h1>Activity</h1>}
      <section aria-labelledby="now">
        <h2 id="now">Now</h2>
        <dl class="facts">
          <Fact name="Download speed" text={formatRate(store.down.value)} />
          <Fact name="Upload speed" text={formatRate(store.up.value)} />
          <Fact name="Downloading" text={formatCount(downloading)} />
          <Fact name="Seeding" text={formatCount(seeding)} />
        </dl>
      </section>
    </div>
  );
}

function Fact({ name, text }: { name: string; text: string }): JSX.Element {
  return (
    <div class="fact">
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  );
}
