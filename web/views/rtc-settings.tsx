import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { configure } from '../actions.ts';
import { store } from '../store.ts';
import { readStunServers } from '../stun.ts';
import { words } from '../words/words.ts';
import { Setting, Switch } from './setting.tsx';

/** Whether peers are reached over WebRTC, and which servers help it to find a way. */
export function RtcSettings(): JSX.Element | null {
  const { value } = store.settings;
  const { settings } = words;
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
    <>
      <Setting id="webrtc" isTitled>
        <Switch
          label={settings.webrtcLabel()}
          checked={value.webrtc}
          describedBy="webrtc-text"
          onChange={webrtc => void configure({ webrtc })}
        />
        <p id="webrtc-text" class="quiet">
          {settings.webrtcText()}
        </p>
      </Setting>
      <Setting id="stunServers">
        <label class="field">
          <span>{settings.stunLabel()}</span>
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
            {settings.stunWrong({ problem: problem.value })}
          </p>
        )}
      </Setting>
    </>
  );
}
