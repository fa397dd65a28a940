/**
 * Where `fetch` may go from this page, and why it failed where it did: a browser tells neither a page that a server does not let in,
 * nor a network that does not carry, from the other.
 */
import { after } from '../platform.ts';
import { isPublicHost } from './public-host.ts';

/** Servers that let no page read from them, as far as they are remembered, and for how long, ms. */
const MAX_ORIGINS = 100;
const REMEMBERED = 600_000;
/** Ms that a second look may take. */
const PATIENCE = 5_000;

const UNFIT = 'Only http and https addresses can be fetched from.';
const OWN_NETWORK = 'It leads to this computer or into its own network, where no torrent may have anything fetched from.';
const MIXED = 'A secure page may not fetch from http: addresses. The helper may.';
const CLOSED = 'The server is there, but lets no web page of others read from it. The helper may fetch from it.';
const BROKEN = 'It could not be reached, or the connection failed.';

export interface Verdict {
  /** It will be no other however often it is tried. */
  readonly isFinal: boolean;
  readonly problem: string;
}

export class Reach {
  /** By origin: when they were found closed. */
  private readonly closed = new Map<string, number>();
  private readonly looks = new Map<string, Promise<Verdict>>();

  /** `isSecure`: the page may fetch from secure addresses alone. `isPublic`: whether a host is one that a stranger may name. */
  constructor(
    private readonly request: (url: string, init: RequestInit) => Promise<Response>,
    private readonly isSecure: boolean,
    private readonly now: () => number = () => performance.now(),
    private readonly isPublic: (hostname: string) => boolean = isPublicHost,
  ) {}

  /** Why an address need not be tried; empty where it may be. */
  refusal(address: string): string {
    const url = URL.canParse(address) ? new URL(address) : null;
    if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return UNFIT;
    if (!this.isPublic(url.hostname)) return OWN_NETWORK;
    if (this.isSecure && url.protocol === 'http:') return MIXED;
    const since = this.closed.get(url.origin);
    return since !== undefined && this.now() - since < REMEMBERED ? CLOSED : '';
  }

  /**
   * Nothing of the person, the page or the cache goes with the request, and nothing of it stays. A page sees where a redirect has led, and not where it is
   * going to lead: of what came from where none may lead, not a byte is read.
   * @throws {Misled}
   */
  async fetch(url: string, init: RequestInit): Promise<Response> {
    const response = await this.request(url, { ...PLAIN, ...init });
    if (!response.redirected || this.isPublic(new URL(response.url).hostname)) return response;
    void response.body?.cancel().catch(() => undefined);
    throw new Misled(OWN_NETWORK);
  }

  /** Why a request failed before it was answered. Of requests to one server that fail at once, one is looked into. */
  explain(address: string): Promise<Verdict> {
    const { origin } = new URL(address);
    const running = this.looks.get(origin);
    if (running) return running;
    const look = this.look(address, origin).finally(() => this.looks.delete(origin));
    this.looks.set(origin, look);
    return look;
  }

  private async look(address: string, origin: string): Promise<Verdict> {
    // An answer that may not be looked at comes from any server that is there. One that may be says that it was the network after all.
    const isThere = await this.answers(address, { mode: 'no-cors', method: 'HEAD' });
    if (!isThere || (await this.answers(address, { mode: 'cors', headers: { range: 'bytes=0-0' } }))) {
      return { isFinal: false, problem: BROKEN };
    }
    this.closed.delete(origin);
    this.closed.set(origin, this.now());
    const [oldest] = this.closed.keys();
    if (this.closed.size > MAX_ORIGINS && oldest !== undefined) this.closed.delete(oldest);
    return { isFinal: true, problem: CLOSED };
  }

  /** No byte of a body is read. */
  private async answers(address: string, init: RequestInit): Promise<boolean> {
    const control = new AbortController();
    const callOff = after(PATIENCE, () => control.abort());
    try {
      await this.request(address, { ...PLAIN, ...init, signal: control.signal });
      return true;
    } catch {
      return false;
    } finally {
      callOff();
      control.abort();
    }
  }
}

const PLAIN: RequestInit = { credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer', redirect: 'follow' };

/** An answer from where none may come; the message is for people. */
export class Misled extends Error {}
