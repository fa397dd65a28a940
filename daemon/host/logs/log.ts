/** The logs of the host and its io-daemon: JSON lines in the home, for whoever looks into a fault. */
import { join } from 'node:path';
import { pino } from 'pino';
import { makePrivateFolder } from '../store/durable.ts';
import { LogLines, type LogLine } from './log-lines.ts';
import { RotatingFile } from './rotating-file.ts';

/** What holds of the line beside its text. Never a token, ticket, secret or info-hash. */
export type LogFields = Readonly<Record<string, string | number | boolean>>;
export type Log = (level: 'debug' | 'info' | 'warn' | 'error', text: string, fields?: LogFields) => void;

export interface Logs {
  readonly host: Log;
  /** Takes what the io-daemon says on stderr as it comes. */
  io(bytes: Uint8Array): void;
  close(): void;
}

/** `terminal`: where each line goes as well, for who wants to see everything; it says more then, and names files. */
export function openLogs(home: string, terminal: ((line: string) => void) | null): Logs {
  const folder = join(home, 'logs');
  try {
    makePrivateFolder(folder);
  } catch {
    // What is in its place, or a full disk, costs the logs alone.
  }
  const isVerbose = terminal !== null;
  const opened = ['host', 'io'].map(name => {
    const file = new RotatingFile(join(folder, `${name}.log`));
    const write = (line: LogLine): void => {
      file.write(`${JSON.stringify(line)}\n`);
      terminal?.(forPeople(line));
    };
    return { file, lines: new LogLines({ name, isVerbose, write, now: Date.now, after }) };
  });
  const [host, io] = opened as [(typeof opened)[number], (typeof opened)[number]];
  const logger = pino({ level: isVerbose ? 'debug' : 'info', base: null }, { write: (line: string) => host.lines.line(line) });
  return {
    host: (level, text, fields = {}) => logger[level](fields, text),
    io: bytes => io.lines.feed(bytes),
    close() {
      for (const { file, lines } of opened) {
        lines.end();
        file.close();
      }
    },
  };
}

function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms).unref();
  return () => clearTimeout(timer);
}

const LEVELS: Readonly<Record<number, string>> = { 20: 'debug', 30: 'info', 40: 'warn', 50: 'error', 60: 'fatal' };

/** `12:03:04 io warn what happened why=because` */
export function forPeople({ level, time, name, msg, ...fields }: LogLine): string {
  const at = new Date(time).toTimeString().slice(0, 8);
  const more = Object.entries(fields).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${at} ${name} ${LEVELS[level] ?? level} ${msg}${more.join('')}`;
}
