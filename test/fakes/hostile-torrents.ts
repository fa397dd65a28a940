import type { TorrentRow } from '../../sw/view-model.ts';
import { row } from './mock-torrents.ts';

/** Right-to-left override and its end: what follows it is drawn backwards. */
const RLO = '\u202e';
const TAG = '<img src=x onerror="document.title=1">';

/** Names that others might choose, and numbers that nobody would believe. */
export function hostileTorrents(): TorrentRow[] {
  const size = 4.7e9;
  const labels = [TAG, `${RLO}sdrawkcab`, 'x'.repeat(64)];
  const parts: Partial<TorrentRow>[] = [
    { name: TAG },
    { name: '"><script>document.title=2</script>' },
    { name: 'javascript:document.title=3' },
    { name: `film ${RLO}gpj.exe` },
    { name: '\u2067\u2067\u2067 never closed' },
    { name: 'فيلم مفتوح 2026 (نسخة كاملة).mkv' },
    { name: 'סרט פתוח, part 1 of 3' },
    { name: '映画🎬👩‍👩‍👧‍👦𠮷野家' },
    { name: '🏴‍☠️'.repeat(31) },
    { name: 'x'.repeat(255) },
    { name: 'wide '.repeat(51) },
    { name: `Z${'\u0351\u036b\u0343'.repeat(40)}algo` },
    { name: 'line one\nline two\ttab\u0000nul\u0007bell' },
    { name: '   ' },
    { name: '' },
    { name: '\ud800 half a pair' },
    { name: 'constructor' },
    { name: 'labels', options: { ...row(0, {}).options, labels } },
    {
      name: 'tracker',
      problem: { code: 'tracker', url: `http://${TAG}/`, text: `${RLO}${TAG.repeat(20)}` },
      state: 'downloading',
      done: 0,
    },
    {
      name: 'enormous',
      size: Number.MAX_SAFE_INTEGER,
      done: 1,
      uploaded: Number.MAX_SAFE_INTEGER,
      downloaded: Number.MAX_SAFE_INTEGER,
    },
    { name: 'fast', state: 'downloading', done: 0, down: 1e18, up: 1e18, eta: 1 },
    { name: 'forever', state: 'downloading', done: 0, down: 1, eta: Number.MAX_SAFE_INTEGER },
    { name: 'crowded', state: 'downloading', done: 0, peers: 4_294_967_295, seeds: 4_294_967_295, active: 4_294_967_295 },
    { name: 'more than all', done: size * 40 },
    { name: 'less than nothing', state: 'downloading', done: -5, down: -5, up: -5, peers: -1, uploaded: -5 },
    { name: 'no numbers', state: 'downloading', done: NaN, down: NaN, eta: Infinity, peers: NaN },
    { name: 'from the far future', addedAt: 8.64e15, doneAt: 8.64e15 },
    { name: 'from no time', addedAt: NaN, doneAt: -8.64e15 },
    { name: 'nowhere', root: '__proto__' },
  ];
  return parts.map((part, index) => row(index, { size, done: size, ...part }));
}
