import type { TextSocket, WebSockets } from '../../sw/engine/ports.ts';
import type { VirtualClock } from './clock.ts';

type Fields = Record<string, unknown>;
type Events = Parameters<WebSockets['open']>[1];

interface Client {
  readonly host: string;
  readonly events: Events;
  isOpen: boolean;
}

interface Member {
  readonly client: Client;
  complete: boolean;
}

/** A tracker of WebTorrent's kind: it counts, hands offers to others who announced, and brings their answers back. */
export class SimWsTracker {
  /** Every message, as `host action event`. */
  readonly heard: string[] = [];
  readonly messages: Fields[] = [];
  readonly clients = new Set<Client>();
  /** By info-hash, then by peer id. */
  readonly swarms = new Map<string, Map<string, Member>>();
  isUp = true;
  isSilent = false;
  interval = 120;
  connects = 0;
  /** Offers and answers that were handed on. */
  relayed = 0;

  constructor(readonly url: string) {}

  /** It goes away: every socket ends. */
  stop(): void {
    this.isUp = false;
    for (const client of [...this.clients]) this.drop(client);
    this.swarms.clear();
  }

  drop(client: Client): void {
    if (!this.clients.delete(client)) return;
    client.isOpen = false;
    for (const swarm of this.swarms.values()) {
      for (const [id, member] of swarm) if (member.client === client) swarm.delete(id);
    }
    client.events.closed();
  }

  hear(client: Client, text: string): void {
    const message = JSON.parse(text) as Fields;
    const { action, event } = message;
    this.heard.push([client.host, action, event].filter(Boolean).join(' '));
    this.messages.push(message);
    if (this.isSilent) return;
    const hash = message['info_hash'] as string;
    const swarm = this.swarms.get(hash) ?? new Map<string, Member>();
    this.swarms.set(hash, swarm);
    const counts = (): Fields => {
      const complete = [...swarm.values()].filter(member => member.complete).length;
      return { complete, incomplete: swarm.size - complete };
    };
    if (action === 'scrape') {
      say(client, { action, files: { [hash]: counts() } });
      return;
    }
    const id = message['peer_id'] as string;
    if (message['answer'] !== undefined) {
      const to = swarm.get(message['to_peer_id'] as string);
      if (!to) return;
      this.relayed += 1;
      const { answer, offer_id } = message;
      say(to.client, { action, answer, offer_id, peer_id: id, info_hash: hash });
      return;
    }
    if (event === 'stopped') swarm.delete(id);
    else swarm.set(id, { client, complete: message['left'] === 0 });
    say(client, { action, info_hash: hash, interval: this.interval, ...counts() });
    const others = [...swarm].filter(([other]) => other !== id).map(([, member]) => member);
    for (const { offer, offer_id } of message['offers'] as Fields[]) {
      const other = others.shift();
      if (!other) return;
      this.relayed += 1;
      say(other.client, { action, offer, offer_id, peer_id: id, info_hash: hash });
    }
  }
}

function say(client: Client, message: Fields): void {
  if (client.isOpen) client.events.message(JSON.stringify(message));
}

/** The WebSockets of one host: trackers by their address, everything else out of reach. */
export class SimSockets implements WebSockets {
  private readonly clients = new Map<Client, SimWsTracker>();

  constructor(
    private readonly clock: VirtualClock,
    private readonly trackers: ReadonlyMap<string, SimWsTracker>,
    private readonly host: string,
    private readonly latency: number,
  ) {}

  open(url: string, events: Events): TextSocket {
    const tracker = this.trackers.get(url);
    const later = (act: () => void): void => void this.clock.after(this.latency, act);
    const client: Client = {
      host: this.host,
      isOpen: false,
      events: {
        opened: events.opened,
        message: text => later(() => client.isOpen && events.message(text)),
        closed: () => later(events.closed),
      },
    };
    let isWanted = true;
    later(() => {
      if (!isWanted) return;
      if (!tracker?.isUp) return client.events.closed();
      tracker.connects += 1;
      tracker.clients.add(client);
      this.clients.set(client, tracker);
      client.isOpen = true;
      events.opened();
    });
    return {
      send: text => later(() => client.isOpen && tracker?.hear(client, text)),
      close: () => {
        isWanted = false;
        // What was sent before it arrives before it.
        later(() => {
          this.clients.delete(client);
          client.isOpen = false;
          tracker?.clients.delete(client);
          for (const swarm of tracker?.swarms.values() ?? []) {
            for (const [id, member] of swarm) if (member.client === client) swarm.delete(id);
          }
        });
      },
    };
  }

  /** The engine is gone, and its sockets with it. */
  drop(): void {
    for (const [client, tracker] of this.clients) tracker.drop(client);
    this.clients.clear();
  }
}
