import { beforeEach, describe, expect, it } from 'vitest';
import { hopeless, unplayable } from '../../web/player/trouble.ts';
import { playing } from '../../web/playing.ts';
import { isFilm, play } from '../../web/films.ts';
import { detailOf, nineTorrents } from '../fakes/mock-torrents.ts';

const [row] = nineTorrents();
if (row === undefined) throw new Error('no torrent');
const file = (name: string, priority: 'normal' | 'skip' = 'normal') => ({ path: ['Film', name], size: 9, done: 0, priority });
const files = [
  file('other.srt'),
  file('Film.mkv'),
  file('Film.de.srt'),
  file('Film.fr.vtt', 'skip'),
  file('notes.txt'),
  file('Film.avi'),
];
const detail = detailOf(row, files, true, true);

describe('what is opened in the player', () => {
  beforeEach(() => (playing.value = null));

  it('comes with the subtitles that are chosen, those of its name first', () => {
    play(detail, 1);
    expect(playing.value).toMatchObject({ id: row.id, file: 1, name: 'Film.mkv', isHopeless: false, isSound: false });
    expect(playing.value?.subtitles.map(({ name }) => name)).toEqual(['Film.de.srt', 'other.srt']);
  });

  it('is a film or a song by its name, also one that no browser plays', () => {
    expect(['a.MKV', 'a.mp3', 'a.avi', 'a.wma'].map(isFilm)).toEqual([true, true, true, true]);
    expect(['a.txt', 'a.ts', 'mkv', 'a.svg'].map(isFilm)).toEqual([false, false, false, false]);
    play(detail, 5);
    expect(playing.value).toMatchObject({ isHopeless: true, isSound: false });
    play(detail, 99);
    expect(playing.value).toMatchObject({ file: 5 });
  });

  it('says where to open what does not play', () => {
    play(detail, 5);
    const film = playing.value;
    if (film === null) throw new Error('nothing is open');
    expect(hopeless(film, null)).toBe('Browsers do not play AVI files. Save it, and open it in a player such as VLC.');
    expect(unplayable(film, 'Downloads')).toBe(
      'This browser does not play what is in this AVI file. It is in “Downloads” on this computer: open it there in a player such as VLC.',
    );
  });
});
