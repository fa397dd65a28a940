import { useSignal } from '@preact/signals';
import { X } from 'lucide';
import type { JSX, TargetedEvent } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { streamPath } from '../../sw/api.ts';
import { BROWSER_ROOT } from '../../sw/view-model.ts';
import { formatBytes, isolated, shownName } from '../format.ts';
import { playing, type Film, type Part } from '../playing.ts';
import { saveFile } from '../saving.ts';
import { store } from '../store.ts';
import { Dialog } from '../ui/dialog.tsx';
import { Icon } from '../ui/icon.tsx';
import { nowOf } from '../now.ts';
import { words } from '../words/words.ts';
import { MAX_SUBTITLES, subtitlesOf, titleOf } from './subtitles.ts';
import { There } from './there.tsx';
import { halfPlayed, hopeless, refusalOf, unplayable, type Place } from './trouble.ts';
import './player.css';

/** Seconds of a film after which both its picture and its sound have begun, where the browser plays both. */
const BOTH_BY = 3;

/** Plays a film or a song while it comes. */
export function Player({ film }: { readonly film: Film }): JSX.Element {
  const row = store.row(film.id)?.value;
  const root = store.roots.value.find(({ token }) => token === row?.root);
  const place: Place = root === undefined || root.token === BROWSER_ROOT ? null : root.name;
  const address = streamPath(film.id, film.file, film.name);
  const trouble = useSignal(film.isHopeless ? hopeless(film, place) : '');
  const lack = useSignal('');
  const track = useSignal<Track | null>(null);
  useEffect(() => () => track.peek()?.forget(), []);

  const onError = async ({ currentTarget: { error } }: TargetedEvent<HTMLMediaElement>): Promise<void> => {
    const refused = await refusalOf(address).catch(() => words.player.noAnswer());
    trouble.value = refused ?? (error?.code === MediaError.MEDIA_ERR_NETWORK ? words.player.noAnswer() : unplayable(film, place));
  };
  const events = {
    src: address,
    controls: true,
    autoplay: true,
    onError: (event: TargetedEvent<HTMLMediaElement>) => void onError(event),
    onTimeUpdate: ({ currentTarget }: TargetedEvent<HTMLMediaElement>) => {
      const lacks = film.isSound ? null : lackOf(currentTarget);
      lack.value = lacks === null ? '' : halfPlayed(lacks, place);
    },
  };
  return (
    <Dialog class="player" labelledBy="player-title" onCancel={close}>
      <header class="player-head">
        <h2 id="player-title" title={shownName(film.name)}>
          <bdi>{shownName(film.name)}</bdi>
        </h2>
        <button type="button" class="icon-button" aria-label={words.player.close()} onClick={close}>
          <Icon of={X} size={20} />
        </button>
      </header>
      {trouble.value !== '' ? (
        <div class="player-trouble">
          <p role="alert">{trouble}</p>
          {place === null && (
            <button type="button" class="button button-main" onClick={() => saveFile(film.id, film.file, film.name)}>
              {words.common.save()}
            </button>
          )}
        </div>
      ) : film.isSound ? (
        <audio class="player-sound" {...events} />
      ) : (
        <video class="player-picture" playsInline {...events}>
          {track.value !== null && <Captions key={track.value.address} track={track.value} />}
        </video>
      )}
      <footer class="player-foot">
        <There film={film} />
        <div class="player-line">
          <p class="quiet" role="status">
            {row === undefined ? words.player.gone() : nowOf(row, store.roots.value)}
          </p>
          {!film.isSound && trouble.value === '' && <SubtitleChoice film={film} track={track} />}
        </div>
        {lack.value !== '' && <p class="quiet">{lack}</p>}
      </footer>
    </Dialog>
  );
}

function close(): void {
  playing.value = null;
}

/** What the browser has found nothing to play of, after it had time to; null where it does not tell. */
function lackOf(element: HTMLMediaElement): 'picture' | 'sound' | null {
  if (element.currentTime < BOTH_BY || !('webkitAudioDecodedByteCount' in element) || !('webkitVideoDecodedByteCount' in element))
    return null;
  if (element.webkitAudioDecodedByteCount === 0) return 'sound';
  return element.webkitVideoDecodedByteCount === 0 ? 'picture' : null;
}

interface Track {
  readonly title: string;
  readonly address: string;
  forget(): void;
}

/** Shown from its beginning, whatever the browser would choose by itself. */
function Captions({ track }: { readonly track: Track }): JSX.Element {
  const element = useRef<HTMLTrackElement>(null);
  useEffect(() => {
    if (element.current !== null) element.current.track.mode = 'showing';
  }, []);
  return <track ref={element} kind="subtitles" label={track.title} src={track.address} />;
}

interface ChoiceProps {
  readonly film: Film;
  readonly track: { value: Track | null };
}

/** Subtitles of the torrent, or of a file that a person has. */
function SubtitleChoice({ film, track }: ChoiceProps): JSX.Element {
  const chosen = useSignal('');
  const refused = useSignal('');
  const coming = useSignal('');
  const picker = useRef<HTMLInputElement>(null);

  /** The last choice is the one that counts: what another is read for comes too late then. */
  const latest = useRef(new AbortController());
  const begin = (): AbortSignal => {
    latest.current.abort();
    latest.current = new AbortController();
    refused.value = '';
    coming.value = '';
    return latest.current.signal;
  };
  useEffect(() => () => latest.current.abort(), []);

  const show = async (value: string, title: string, read: (signal: AbortSignal) => Promise<Blob>): Promise<void> => {
    const signal = begin();
    coming.value = title;
    const text = await read(signal).then(subtitlesOf, () => null);
    if (signal.aborted) return;
    coming.value = '';
    if (text === null) {
      refused.value = words.player.unreadable({ title: isolated(title) });
      return;
    }
    track.value?.forget();
    const address = URL.createObjectURL(new Blob([text], { type: 'text/vtt' }));
    track.value = { title, address, forget: () => URL.revokeObjectURL(address) };
    chosen.value = value;
  };
  const choose = (select: HTMLSelectElement): void => {
    const { value } = select;
    // It shows what is chosen, also while that is on its way, or was not to be had.
    select.value = chosen.peek();
    const part = film.subtitles.find(({ file }) => String(file) === value);
    if (value === 'file') picker.current?.click();
    else if (part !== undefined) void show(value, titleOf(part, film.name), signal => fetchPart(film, part, signal));
    else if (value === '') {
      begin();
      track.value?.forget();
      track.value = null;
      chosen.value = '';
    }
  };
  return (
    <div class="player-subtitles">
      <label class="choice">
        <span>{words.player.subtitles()}</span>
        <select class="select" value={chosen} onChange={event => choose(event.currentTarget)}>
          <option value="">{words.player.noSubtitles()}</option>
          {film.subtitles.map(part => (
            <option key={part.file} value={String(part.file)}>
              {titleOf(part, film.name)}
            </option>
          ))}
          {chosen.value === 'own' && <option value="own">{track.value?.title ?? ''}</option>}
          <option value="file">{words.player.fromFile()}</option>
        </select>
      </label>
      <input
        ref={picker}
        class="sr-only"
        type="file"
        aria-label={words.player.file()}
        tabIndex={-1}
        accept=".srt,.vtt"
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          if (file !== undefined) void show('own', file.name, () => Promise.resolve(file));
          currentTarget.value = '';
        }}
      />
      {coming.value !== '' && <p class="quiet">{words.player.fetching({ title: isolated(coming.value) })}</p>}
      {refused.value !== '' && (
        <p class="tone-warn" role="alert">
          {refused}
        </p>
      )}
    </div>
  );
}

async function fetchPart({ id }: Film, { file, name, size }: Part, signal: AbortSignal): Promise<Blob> {
  if (size > MAX_SUBTITLES) throw new RangeError(`subtitles of ${formatBytes(size)}`);
  const answer = await fetch(streamPath(id, file, name), { cache: 'no-store', signal });
  if (!answer.ok) throw new Error(`The subtitles were refused: ${answer.status}.`);
  return answer.blob();
}
