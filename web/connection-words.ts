import type { Connection } from '../sw/view-model.ts';
import { isolated, joinSentences, shownText } from './format.ts';
import type { Tone } from './problems.ts';
import { translated } from './told.ts';
import { whether, words } from './words/words.ts';

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

const IDLE = { retry: null, showCommand: false } as const;

/** Before the engine has said anything. */
export function describeStart(): ConnectionWords {
  return { ...IDLE, label: words.connection.starting(), text: words.connection.startingText(), tone: 'warn' };
}

/** Where no engine can be. */
export function describeUnhosted(): ConnectionWords {
  return { ...IDLE, label: words.connection.unhosted(), text: words.connection.unhostedText(), tone: 'bad' };
}

/** `isFromHelper`: the app comes from the helper itself, and not from a website. */
export function describeConnection(connection: Connection, isFromHelper: boolean): ConnectionWords {
  const texts = words.connection;
  if (connection.superseded) {
    return { ...IDLE, label: texts.superseded(), text: texts.supersededText(), tone: 'warn', retry: texts.useHere() };
  }
  if (connection.following !== null) {
    const { following, outdated } = connection;
    const known = whether(following !== '');
    const label = texts.following({ known, browser: isolated(shownText(following)) });
    const [text, tone] =
      outdated === 'other' ? ([texts.followingOutdated(), 'warn'] as const) : ([texts.followingText(), 'good'] as const);
    return { ...IDLE, label, short: texts.followingShort(), text, tone, retry: texts.useHere() };
  }
  if (connection.outdated === 'helper') {
    const text = texts.helperOutdatedText();
    return { label: texts.helperOutdated(), text, tone: 'warn', retry: texts.tryAgain(), showCommand: true };
  }
  if (connection.outdated === 'app') {
    return { ...IDLE, label: texts.appOutdated(), text: texts.appOutdatedText(), tone: 'warn', retry: texts.reload() };
  }
  if (connection.gaveUp) {
    return { ...IDLE, label: texts.gaveUp(), text: texts.gaveUpText(), tone: 'bad', retry: texts.startAgain() };
  }
  switch (connection.state) {
    case 'connected':
      return {
        ...IDLE,
        label: texts.connected(),
        short: texts.connectedShort(),
        text: texts.connectedText(),
        tone: 'good',
      };
    case 'connecting':
      return { ...IDLE, label: texts.connecting(), text: texts.connectingText(), tone: 'warn' };
    case 'unpaired':
      return describeUnpaired(connection, isFromHelper);
    case 'disconnected':
      return connection.everConnected
        ? { label: texts.lost(), text: texts.lostText(), tone: 'bad', retry: texts.reconnect(), showCommand: true }
        : { label: texts.start(), text: texts.startText(), tone: 'warn', retry: texts.tryAgain(), showCommand: true };
  }
}

function describeUnpaired({ everConnected, browser }: Connection, isFromHelper: boolean): ConnectionWords {
  const texts = words.connection;
  if (everConnected && !isFromHelper) {
    return {
      ...IDLE,
      label: texts.unpairedApp(),
      short: texts.unpairedAppShort(),
      text: texts.unpairedAppText(),
      tone: 'warn',
    };
  }
  const command = { retry: null, showCommand: true } as const;
  if (everConnected) return { ...command, label: texts.pairAgain(), text: texts.pairAgainText(), tone: 'warn' };
  if (browser?.problem === '') return { ...command, label: texts.alone(), text: texts.aloneText(), tone: 'plain' };
  const text = joinSentences(translated(browser?.problem ?? ''), texts.setUpText());
  return { ...command, label: texts.setUp(), text, tone: 'warn' };
}

/** Why pairing by a link failed. `status` is the host's answer; 0 where none came. */
export function describePairing(status: number): string {
  const texts = words.connection;
  if (status === 0) return texts.linkUnanswered();
  if (status === 429) return texts.linkTooMany();
  return status === 503 ? texts.linkUnsaved() : texts.linkOver();
}
