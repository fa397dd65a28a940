/** Connections over all torrents, as they are and as they may be. */
export class ConnectionLimits {
  open = 0;
  connecting = 0;
  /** To and from these, by {@link subnetOf}, there are none: a person wants none. */
  banned: ReadonlySet<string> = new Set();
  /** They may go over uTP. */
  utp = true;
  /** Any may be begun to an address. */
  dials = true;

  constructor(
    public max: number,
    private readonly maxConnecting: number,
  ) {}

  /** One more may be begun. */
  get hasRoom(): boolean {
    return this.dials && this.open < this.max && this.connecting < this.maxConnecting;
  }
}
