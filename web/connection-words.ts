import type { Connection } from '../sw/view-model.ts';
import { isolated, joinSentences, shownText } from './format.ts';
import type { Tone } from './problems.ts';
import { translated } from './told.ts';
import { whether, words } from './words/words.ts';

/** What one press does. `take`: has the torrents run here, and not where they do. */
export type Action = 'pair' | 'reconnect' | 'retry' | 'restart' | 'take' | 'reload' | 'network' | 'quick';

/** What bears on the words beside the connection itself. */
export interface Surroundings {
  /** The app comes from the helper itself, and not from a website. */
  readonly isFromHelper: boolean;
  /** The browser was told to let this site reach no program here. */
  readonly isBlocked: boolean;
  /** It was tried again by hand since it was good last, and did not help. */
  readonly isTried: boolean;
}

/** The connection to the helper: the chip's label, and what its panel says. */
export interface ConnectionWords {
  readonly label: string;
  /** In place of the label where there is little room. */
  readonly short?: string;
  readonly text: string;
  readonly tone: Tone;
  /** The one thing to do about it; null where there is nothing but to wait. */
  readonly action: Action | null;
  /** Whether the command that starts the helper is worth showing. */
  readonly showCommand: boolean;
}

const IDLE = { action: null, showCommand: false } as const;

/** Before the engine has said anything. */
export function describeStart(): ConnectionWords {
  return { ...IDLE, label: words.connection.starting(), text: words.connection.startingText(), tone: 'warn' };
}

/** Where no engine can be. */
export function describeUnhosted(): ConnectionWords {
  return { ...IDLE, label: words.connection.unhosted(), text: words.connection.unhostedText(), tone: 'bad', action: 'quick' };
}

export function describeConnection(connection: Connection, around: Surroundings): ConnectionWords {
  const texts = words.connection;
  if (connection.superseded) {
    return { ...IDLE, label: texts.superseded(), text: texts.supersededText(), tone: 'warn', action: 'take' };
  }
  if (connection.following !== null) {
    const { following, outdated } = connection;
    const known = whether(following !== '');
    const label = texts.following({ known, browser: isolated(shownText(following)) });
    const [text, tone] =
      outdated === 'other' ? ([texts.followingOutdated(), 'warn'] as const) : ([texts.followingText(), 'good'] as const);
    return { ...IDLE, label, short: texts.followingShort(), text, tone, action: 'take' };
  }
  if (connection.outdated === 'helper') {
    const text = texts.helperOutdatedText();
    return { label: texts.helperOutdated(), text, tone: 'warn', action: 'retry', showCommand: true };
  }
  if (connection.outdated === 'app') {
    return { ...IDLE, label: texts.appOutdated(), text: texts.appOutdatedText(), tone: 'warn', action: 'reload' };
  }
  if (connection.gaveUp) {
    return { ...IDLE, label: texts.gaveUp(), text: texts.gaveUpText(), tone: 'bad', action: 'restart' };
  }
  switch (connection.state) {
    case 'connected':
      return {
        ...IDLE,
        label: texts.connected(),
        short: texts.connectedShort(),
        text: texts.connectedText(),
        tone: 'good',
        action: 'network',
      };
    case 'connecting':
      return { ...IDLE, label: texts.connecting(), text: texts.connectingText(), tone: 'warn' };
    case 'unpaired':
      return describeUnpaired(connection, around.isFromHelper);
    case 'disconnected':
      return describeLost(connection, around);
  }
}

function describeLost({ everConnected }: Connection, { isFromHelper, isBlocked, isTried }: Surroundings): ConnectionWords {
  const texts = words.connection;
  if (isBlocked) {
    const short = texts.blockedShort();
    return { ...IDLE, label: texts.blocked(), short, text: texts.blockedText(), tone: 'bad', action: 'reconnect' };
  }
  if (!everConnected) {
    return { label: texts.start(), text: texts.startText(), tone: 'warn', action: 'retry', showCommand: true };
  }
  // A helper that was set up anew, or has another port, is found by pairing alone.
  const action = isTried && !isFromHelper ? 'pair' : 'reconnect';
  return { label: texts.lost(), text: texts.lostText(), tone: 'bad', action, showCommand: true };
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
      action: 'pair',
    };
  }
  const command = { action: 'pair', showCommand: true } as const;
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
