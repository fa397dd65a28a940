import type { JSX } from 'preact';
import type { TorrentRow } from '../../sw/view-model.ts';
import { askHistory } from '../actions.ts';
import { formatAboutRate } from '../format.ts';
import { usePolled } from '../ui/polled.ts';
import { Speeds } from '../chart/speeds.tsx';
import { words } from '../words/words.ts';

/** The last ten minutes of one torrent, with the limits that hold for it. */
export function SpeedTab({ row: { id, limits } }: { readonly row: TorrentRow }): JSX.Element {
  const history = usePolled(() => askHistory('minutes', id), 1_000, id);
  if (history === null) return <p class="quiet late">{words.common.asking()}</p>;
  const isKnown = history.down.some(rate => rate >= 0);
  return (
    <div class="speed-tab">
      {!isKnown && <p>{words.inspector.speedNothingYet()}</p>}
      <Speeds history={history} span="minutes" limits={limits} />
      <p class="quiet">{describeLimits(limits)}</p>
    </div>
  );
}

function describeLimits({ down, up }: TorrentRow['limits']): string {
  const limits = { down: formatAboutRate(down), up: formatAboutRate(up) };
  if (down > 0) return up > 0 ? words.inspector.speedBothLimits(limits) : words.inspector.speedDownLimit(limits);
  return up > 0 ? words.inspector.speedUpLimit(limits) : words.inspector.speedNoLimits();
}
