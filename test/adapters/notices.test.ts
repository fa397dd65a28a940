import { expect, it } from 'vitest';
import { ControlOp } from '../../daemon/wire/control.ts';
import { Notices } from '../../sw/notices.ts';
import { Harness } from './harness.ts';

it('what the host has to say to the person is told', () => {
  const harness = new Harness();
  const { control } = harness.connect();
  control.say({ op: ControlOp.EVENT, id: 0, event: { type: 'notice', text: 'Make room.' } });
  expect(harness.told.at(-1)).toBe('noticed Make room.');
});

it('notices wait for a window, the newest eight, each once, and no longer than can be read', () => {
  const notices = new Notices();
  for (let number = 0; number < 20; number++) notices.addText(`${number % 10}`);
  notices.addText('x'.repeat(5_000));
  const texts = ['3', '4', '5', '6', '7', '8', '9', 'x'.repeat(1_000)];
  expect(notices.take()).toEqual(texts.map(text => ({ code: 'told', values: { text } })));
  expect(notices.take()).toEqual([]);
});
