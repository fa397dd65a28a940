import type { JSX } from 'preact';
import type { TorrentOptions, TorrentRow } from '../../sw/view-model.ts';
import { run } from '../actions.ts';

const SWITCHES = [
  { option: 'sequential', label: 'Download in order' },
  { option: 'firstLast', label: 'First and last pieces of each file first' },
  { option: 'superSeeding', label: 'Super-seeding: show peers one rare piece at a time' },
] as const satisfies readonly { option: keyof TorrentOptions; label: string }[];

/** What is either so or not for one torrent. */
export function OptionSwitches({ row }: { row: TorrentRow }): JSX.Element {
  return (
    <>
      {SWITCHES.map(({ option, label }) => (
        <label key={option} class="choice">
          <input
            type="checkbox"
            class="check"
            checked={row.options[option]}
            onChange={event => run({ do: 'set', ids: [row.id], options: { [option]: event.currentTarget.checked } })}
          />
          <span>{label}</span>
        </label>
      ))}
    </>
  );
}
