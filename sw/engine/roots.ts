/** A folder that downloads go to, as the host sees it now. */
export interface RootState {
  readonly token: string;
  /** Bytes free on its file system; −1 where that is not known. */
  readonly free: number;
  /** Why nothing can be written there; empty where it can. */
  readonly problem: string;
  /** Files deleted there can go to the system's trash. */
  readonly trash: boolean;
}

/** How a torrent's files go with it: those that are whole to the trash, where there is one. */
export interface Deletion {
  hasTrash(root: string): boolean;
  /** Whether that file stays all the same; none does where this is not there. */
  stays?(file: number): boolean;
}

/** A torrent, as far as its folders go. */
interface User {
  readonly leaving: object | null;
  readonly substance: { readonly where: { uses(root: string): boolean; owns(root: string, name: string): boolean } };
}

/** The folders that downloads go to. Whoever waits for one of them is told whenever they were looked at. */
export class Roots implements Deletion {
  private known: ReadonlyMap<string, RootState> = new Map();

  constructor(
    private readonly users: { values(): Iterable<User> },
    private readonly looked: () => void,
  ) {}

  /** How many torrents have files in one, and how many of them were removed a moment ago. */
  usersOf(token: string): { readonly all: number; readonly leaving: number } {
    const users = [...this.users.values()].filter(({ substance }) => substance.where.uses(token));
    return { all: users.length, leaving: users.filter(({ leaving }) => leaving !== null).length };
  }

  /** Whether what is called so at the top of one is of a torrent, or is to be. */
  owns(token: string, name: string): boolean {
    for (const { substance } of this.users.values()) if (substance.where.owns(token, name)) return true;
    return false;
  }

  get(token: string): RootState | undefined {
    return this.known.get(token);
  }

  hasTrash(root: string): boolean {
    return this.known.get(root)?.trash === true;
  }

  /** What they are like from now on. */
  tell(roots: readonly RootState[]): void {
    this.known = new Map(roots.map(root => [root.token, root]));
    this.looked();
  }
}
