import type { StreamEvents } from '../../sw/engine/ports.ts';

/** What a stream tells that exists before somebody takes it. */
export class HeldEvents implements StreamEvents {
  /** Who has taken it. */
  target: StreamEvents | null = null;

  opened(address: string): void {
    this.target?.opened(address);
  }
  received(bytes: Uint8Array): void {
    this.target?.received(bytes);
  }
  landed(...landed: Parameters<StreamEvents['landed']>): void {
    this.target?.landed(...landed);
  }
  discarded(length: number, head: Uint8Array): void {
    this.target?.discarded(length, head);
  }
  sent(...sent: Parameters<StreamEvents['sent']>): void {
    this.target?.sent(...sent);
  }
  closed(reason: string): void {
    this.target?.closed(reason);
  }
}
