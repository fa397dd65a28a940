import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { configure } from '../actions.ts';
import { store } from '../store.ts';
import { readStunServers } from '../stun.ts';

/** Which servers help WebRTC to find a way. */
export function RtcSettings(): JSX.Element | null {
  const { value } = store.settings;
  const problem = useSignal('');
  /** What is being typed. */
  const draft = useSignal<string | null>(null);
  if (value === null) return null;
  const save = async (text: string): Promise<void> => {
    const read = readStunServers(text);
    problem.value = 'problem' in read ? read.problem : '';
    if ('problem' in read) return;
    await configure({ stunServers: read.servers });
    draft.value = null;
  };
  return (
    <section aria-labelledby="webrtc">
      <h2 id="webrtc">WebRTC</h2>
      <label class="choice">
        <input
          type="checkbox"
          class="check"
          checked={value.webrtc}
          onChange={event => void configure({ webrtc: event.currentTarget.checked })}
        />
        <span>Reach peers over WebRTC</span>
      </label>
      <label class="field">
        <span>STUN servers, one a line</span>
        <textarea
          rows={Math.max(2, value.stunServers.length)}
          spellcheck={false}
          placeholder="stun:stun.example.org:3478"
          aria-describedby="webrtc-text"
          aria-invalid={problem.value !== ''}
          value={draft.value ?? value.stunServers.join('\n')}
          onInput={event => {
            draft.value = event.currentTarget.value;
            problem.value = '';
          }}
          onChange={event => void save(event.currentTarget.value)}
        />
      </label>
      {problem.value !== '' && (
        <p class="tone-bad" role="alert">
          {problem.value} Nothing was changed.
        </p>
      )}
      <p id="webrtc-text" class="quiet">
        WebSocket trackers introduce peers that are reached from this window over WebRTC. A STUN server tells both sides how they
        look from outside, and so learns your address; without one only peers on the same network are reached that way.
      </p>
    </section>
  );
}
