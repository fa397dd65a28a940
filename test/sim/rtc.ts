import type { Rtc, RtcHandle, RtcHandleEvents, Stream, StreamEvents } from '../../sw/engine/ports.ts';
import type { VirtualClock } from './clock.ts';
import type { SimNet } from './net.ts';

/** Connections in the making, by their descriptions. */
export type SimDescriptions = Map<string, SimLink>;

interface SimLink {
  readonly events: RtcHandleEvents;
  readonly net: () => SimNet;
  readonly latency: number;
  stream: Stream | null;
  cut: () => void;
  isOver: boolean;
  end(): void;
}

/** The WebRTC that a window of one host lends, or none does. */
export class SimRtc implements Rtc {
  isOpen = false;
  private readonly links = new Set<SimLink>();
  private changed: () => void = () => undefined;
  private made = 0;

  constructor(
    private readonly clock: VirtualClock,
    private readonly host: string,
    private readonly latency: number,
    private readonly described: SimDescriptions,
    private readonly net: () => SimNet,
  ) {}

  watch(changed: () => void): void {
    this.drop();
    this.changed = changed;
  }

  /** A window lends. */
  lend(): void {
    this.isOpen = true;
    this.changed();
  }

  /** It goes, and its connections with it. */
  leave(): void {
    this.isOpen = false;
    this.drop();
    this.changed();
  }

  /** Every connection is gone. */
  drop(): void {
    for (const link of [...this.links]) link.end();
  }

  get count(): number {
    return this.links.size;
  }

  offer(_servers: readonly string[], events: RtcHandleEvents): RtcHandle {
    const link = this.make(events);
    this.describe(link);
    return this.handle(link);
  }

  answer(_servers: readonly string[], sdp: string, events: RtcHandleEvents): RtcHandle {
    const link = this.make(events);
    if (this.described.has(sdp)) this.describe(link);
    else this.clock.after(1, () => link.end());
    return this.handle(link);
  }

  private describe(link: SimLink): void {
    const sdp = `${this.host} ${++this.made}`;
    this.clock.after(50, () => {
      if (link.isOver) return;
      this.described.set(sdp, link);
      link.events.described(sdp);
    });
  }

  private make(events: RtcHandleEvents): SimLink {
    const link: SimLink = {
      events,
      net: this.net,
      latency: this.latency,
      stream: null,
      cut: () => undefined,
      isOver: false,
      end: () => {
        if (link.isOver) return;
        link.isOver = true;
        this.links.delete(link);
        link.cut();
        events.ended();
      },
    };
    this.links.add(link);
    return link;
  }

  private handle(link: SimLink): RtcHandle {
    return {
      answered: sdp => {
        const far = this.described.get(sdp);
        if (far && !link.isOver) this.clock.after(this.latency * 2, () => meet(link, far));
      },
      close: () => {
        link.isOver = true;
        this.links.delete(link);
        link.cut();
      },
    };
  }
}

function meet(near: SimLink, far: SimLink): void {
  if (near.isOver || far.isOver) return;
  const met = near.net().meet(far.net(), () => {
    near.end();
    far.end();
  });
  near.cut = far.cut = () => met.cut();
  const open = (link: SimLink, take: (events: StreamEvents) => Stream): void => {
    link.events.opened('', events => (link.stream = take(events)));
    if (link.stream === null) link.end();
  };
  open(near, met.near);
  open(far, met.far);
}
