import type { JSX } from 'preact';
import type { TorrentRow } from '../../sw/view-model.ts';
import { askHistory } from '../actions.ts';
import { formatAboutRate } from '../format.ts';
import { usePolled } from '../ui/polled.ts';
import { Speeds } from '../chart/speeds.tsx';

/** The last ten minutes of one torrent, with the limits that hold for it. */
export function SpeedTab({ row: { id, limits } }: { readonly row: TorrentRow }): JSX.Element {
  const history = usePolled(() => askHistory('minutes', id), 1_000, id);
  if (history === null) return <p class="quiet late">Asking the engine…</p>;
  const isKnown = history.down.some(rate => rate >= 0);
  return (
    <div class="speed-tab">
      {!isKnown && <p>Nothing has moved since the engine started. The chart shows an example scale.</p>}
      <Speeds history={history} span="minutes" limits={limits} />
      <p class="quiet">{describeLimits(limits)}</p>
    </div>
  );
}

function describeLimits({ down, up }: TorrentRow['limits']): string {
  if (down === 0 && up === 0) return 'No limit holds for it.';
  const each = [down > 0 && `${formatAboutRate(down)} down`, up > 0 && `${formatAboutRate(up)} up`].filter(
    part => part !== false,
  );
  return `Limits that hold for it, dotted in the chart: ${each.join(', ')}.`;
}
