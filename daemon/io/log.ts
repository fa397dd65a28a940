/** What this process says of itself, as JSON lines on stderr. The host cleans, bounds and keeps them. */
import { type Logger, pino } from 'pino';

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'level'>;

/** Hidden here already, before anything leaves the process. */
const HIDDEN = ['token', 'ticket', 'ticketHash', 'origin', 'roots', 'url', 'headers'];

export const log: Log = pino({ level: 'info', base: null, redact: HIDDEN }, pino.destination({ dest: 2, sync: true }));
