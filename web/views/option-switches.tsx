import type { JSX } from 'preact';
import type { TorrentRow } from '../../sw/view-model.ts';
import { run } from '../actions.ts';
import { words } from '../words/words.ts';

const SWITCHES = ['sequential', 'firstLast', 'superSeeding'] as const;

/** What is either so or not for one torrent. */
export function OptionSwitches({ row }: { row: TorrentRow }): JSX.Element {
  return (
    <>
      {SWITCHES.map(option => (
        <label key={option} class="choice">
          <input
            type="checkbox"
            class="check"
            checked={row.options[option]}
            onChange={event => run({ do: 'set', ids: [row.id], options: { [option]: event.currentTarget.checked } })}
          />
          <span>{words.options[option]()}</span>
        </label>
      ))}
    </>
  );
}
