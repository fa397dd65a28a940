import type { Connection } from '../sw/view-model.ts';
import type { Tone } from './problems.ts';

/** The connection to the helper: the chip's label, and what its panel says. */
export interface ConnectionWords {
  readonly label: string;
  /** In place of the label where there is little room. */
  readonly short?: string;
  readonly text: string;
  readonly tone: Tone;
  /** The label of the button that tries again; null where there is nothing to try. */
  readonly retry: string | null;
  /** Whether the command that starts the helper is worth showing. */
  readonly showCommand: boolean;
}

/** `isFromHelper`: the app comes from the helper itself, and not from a website. */
export function describeConnection(connection: Connection, isFromHelper: boolean): ConnectionWords {
  if (connection.superseded) {
    return {
      label: 'In use elsewhere',
      text: 'Another window took over the helper. Torrents continue there; this one shows the last it knew.',
      tone: 'warn',
      retry: 'Use here',
      showCommand: false,
    };
  }
  if (connection.following !== null) {
    const other = connection.following === '' ? 'Another browser' : connection.following;
    const label = `${other} is at work`;
    if (connection.outdated === 'other') {
      return {
        label,
        short: 'At work elsewhere',
        text: 'It has another version of the app, so the list here is the last that is known. Reload the app here and there, or choose Use here.',
        tone: 'warn',
        retry: 'Use here',
        showCommand: false,
      };
    }
    return {
      label,
      short: 'At work elsewhere',
      text: 'The same torrents run there, on this computer. To have them run in this browser instead, choose Use here.',
      tone: 'good',
      retry: 'Use here',
      showCommand: false,
    };
  }
  if (connection.outdated === 'helper') {
    return {
      label: 'Update helper',
      text: 'The helper is too old for this app, so torrents wait; nothing is lost. Get the newer Starling, end the one that runs, and start it in its folder:',
      tone: 'warn',
      retry: 'Try again',
      showCommand: true,
    };
  }
  if (connection.outdated === 'app') {
    return {
      label: 'Reload the app',
      text: 'The app is too old for the helper, so torrents wait until it is loaded anew; nothing is lost.',
      tone: 'warn',
      retry: 'Reload',
      showCommand: false,
    };
  }
  if (connection.gaveUp) {
    return {
      label: 'Helper stopped',
      text: 'The helper stopped several times in a row and was not started again. Torrents wait; finished pieces are safe.',
      tone: 'bad',
      retry: 'Start again',
      showCommand: false,
    };
  }
  switch (connection.state) {
    case 'connected':
      return {
        label: 'Helper connected',
        short: 'Connected',
        text: 'Starling reaches peers and your disk through the helper on this computer.',
        tone: 'good',
        retry: null,
        showCommand: false,
      };
    case 'connecting':
      return {
        label: 'Connecting',
        text: 'Looking for the helper on this computer.',
        tone: 'warn',
        retry: null,
        showCommand: false,
      };
    case 'unpaired':
      if (connection.everConnected && !isFromHelper) {
        return {
          label: 'Not paired any more',
          short: 'Not paired',
          text: 'The helper is there, and this app is not paired with it any more, so torrents wait; nothing is lost. Pair it again, and allow it on this computer’s screen.',
          tone: 'warn',
          retry: null,
          showCommand: false,
        };
      }
      return connection.everConnected
        ? {
            label: 'Pair again',
            text: 'The helper no longer knows this browser, so torrents wait. Pair it anew, while the helper runs. This starts it, in Starling’s folder, and opens a page that is paired:',
            tone: 'warn',
            retry: null,
            showCommand: true,
          }
        : connection.browser?.problem === ''
          ? {
              label: 'Browser only',
              text: 'Starling downloads into this browser, from WebRTC peers and web seeds, while it is open. A small free helper on this computer reaches all other peers, and your disk. This starts it, in Starling’s folder, and opens a page that is paired. Where it runs already, pair this one with it.',
              tone: 'plain',
              retry: null,
              showCommand: true,
            }
          : {
              label: 'Set up helper',
              text: `${connection.browser === null ? '' : `${connection.browser.problem} `}Starling reaches peers and your disk through a small helper on this computer. This starts it, in Starling’s folder, and opens a page that is paired. Where it runs already, pair this one with it.`,
              tone: 'warn',
              retry: null,
              showCommand: true,
            };
    case 'disconnected':
      return connection.everConnected
        ? {
            label: 'Helper lost',
            text: 'The helper does not answer. Torrents wait and go on by themselves once it is back. If it is not running, start it in Starling’s folder:',
            tone: 'bad',
            retry: 'Reconnect',
            showCommand: true,
          }
        : {
            label: 'Start helper',
            text: 'The helper on this computer is not running. Start it in Starling’s folder:',
            tone: 'warn',
            retry: 'Try again',
            showCommand: true,
          };
  }
}

/** Why pairing failed. `status` is the host's answer; 0 where none came. */
export function describePairing(status: number): string {
  if (status === 0) return 'The helper did not answer, so this browser is not paired. Run npm start again to get a new link.';
  if (status === 429) return 'Too many pairing attempts. Wait a minute, then run npm start again to get a new link.';
  if (status === 503) {
    return 'The helper cannot write to its home folder, so this browser is not paired. Look at its disk, then run npm start again to get a new link.';
  }
  return 'This pairing link was used or is older than two minutes. Run npm start again to get a new one.';
}
