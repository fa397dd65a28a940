import { expect, it } from 'vitest';
import { describeLeft } from '../../web/left.ts';
import { ROOTS } from '../fakes/mock-torrents.ts';

const [folder] = ROOTS;
const LEFT = { name: 'Sintel', files: ['a', 'b'], count: 4, root: folder?.token ?? '' };

it('files that are known to have stayed are told as such, with their folder where it is one', () => {
  expect(describeLeft({ ...LEFT, why: 'denied' }, ROOTS)).toContain(
    `“a”, “b”, and 2 others could not be deleted and are still in “${folder?.name ?? ''}”`,
  );
  expect(describeLeft({ ...LEFT, root: '', why: 'denied' }, ROOTS)).toContain('are still there:');
});

it('files that may have been deleted after all are not said to be there', () => {
  const text = describeLeft({ ...LEFT, why: 'daemon-away' }, ROOTS);
  expect(text).toContain(`may still be in “${folder?.name ?? ''}”: the connection to the helper was lost meanwhile.`);
  expect(text).not.toContain('could not');
});
