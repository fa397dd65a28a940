import { useSignal, type Signal } from '@preact/signals';
import type { JSX } from 'preact';
import { MAX_COMMENT, MAX_PIECES, PIECE_LENGTHS } from '../../sw/share.ts';
import { formatPieceLength } from '../format.ts';
import type { Options } from '../sharing.ts';
import { WEB_TRACKERS } from '../web-trackers.ts';
import { words } from '../words/words.ts';

/** What is typed of a torrent that is about to be made. */
export interface Fields {
  readonly name: Signal<string>;
  readonly trackers: Signal<string>;
  readonly webSeeds: Signal<string>;
  readonly comment: Signal<string>;
  /** "" for the one that fits. */
  readonly pieceLength: Signal<string>;
  readonly isPrivate: Signal<boolean>;
}

export function useShareFields(name: string): Fields {
  return {
    name: useSignal(name),
    trackers: useSignal(WEB_TRACKERS.join('\n')),
    webSeeds: useSignal(''),
    comment: useSignal(''),
    pieceLength: useSignal(''),
    isPrivate: useSignal(false),
  };
}

export function optionsOf({ name, trackers, webSeeds, comment, pieceLength, isPrivate }: Fields): Options {
  return {
    name: name.value.trim(),
    trackers: addressesOf(trackers.value),
    webSeeds: addressesOf(webSeeds.value),
    isPrivate: isPrivate.value,
    comment: comment.value.trim(),
    pieceLength: pieceLength.value === '' ? null : Number(pieceLength.value),
  };
}

function addressesOf(text: string): string[] {
  return text.split(/\s+/).filter(url => url !== '');
}

/** `size`: of all files, in bytes. */
export function ShareFields({ fields, size }: { fields: Fields; size: number }): JSX.Element {
  const { name, trackers, webSeeds, comment, pieceLength, isPrivate } = fields;
  return (
    <>
      <label class="field">
        <span>{words.share.name()}</span>
        <input
          class="text-input"
          autofocus
          spellcheck={false}
          maxLength={200}
          value={name}
          onInput={event => (name.value = event.currentTarget.value)}
        />
      </label>
      <details class="diagnostics">
        <summary>{words.share.options()}</summary>
        <div class="share-options">
          <Lines label={words.share.trackers()} rows={4} of={trackers} />
          <label class="choice">
            <input
              type="checkbox"
              class="check"
              checked={isPrivate}
              onChange={event => (isPrivate.value = event.currentTarget.checked)}
            />
            <span>{words.share.private()}</span>
          </label>
          <Lines label={words.share.webSeeds()} rows={2} of={webSeeds} />
          <label class="field">
            <span>{words.share.comment()}</span>
            <input
              class="text-input"
              maxLength={MAX_COMMENT}
              value={comment}
              onInput={event => (comment.value = event.currentTarget.value)}
            />
          </label>
          <label class="field">
            <span>{words.share.pieceSize()}</span>
            <select class="select" value={pieceLength} onChange={event => (pieceLength.value = event.currentTarget.value)}>
              <option value="">{words.share.pieceSizeChosen()}</option>
              {PIECE_LENGTHS.filter(length => size <= MAX_PIECES * length).map(length => (
                <option key={length} value={length}>
                  {formatPieceLength(length)}
                </option>
              ))}
            </select>
          </label>
        </div>
      </details>
    </>
  );
}

/** Addresses, one a line. */
function Lines({ label, rows, of }: { label: string; rows: number; of: Signal<string> }): JSX.Element {
  return (
    <label class="field">
      <span>{label}</span>
      <textarea rows={rows} spellcheck={false} value={of} onInput={event => (of.value = event.currentTarget.value)} />
    </label>
  );
}
