/** A torrent's files as a tree, in one array in the order of a walk, so that a hundred thousand are no trouble. */

export interface Leaf {
  readonly path: readonly string[];
  readonly size: number;
}

export interface Node {
  readonly name: string;
  readonly depth: number;
  /** Place of the folder around it in the array; -1 at the top. */
  readonly parent: number;
  /** Place of the first node that is not inside it. */
  readonly end: number;
  /** Index of the file; -1 for a folder. */
  readonly file: number;
  readonly size: number;
}

export type Check = 'all' | 'some' | 'none';

type Draft = { -readonly [key in keyof Node]: Node[key] };

interface Folder {
  readonly name: string;
  readonly folders: Map<string, Folder>;
  readonly files: { readonly name: string; readonly index: number }[];
}

/** Folders come before the files beside them; both keep the torrent's order. */
export function buildTree(leaves: readonly Leaf[]): Node[] {
  const nodes: Draft[] = [];
  // A stack and no recursion: a hostile torrent may nest as deep as it likes.
  const pending: { folder: Folder | null; name: string; index: number; depth: number; parent: number }[] = [];
  const enter = (folder: Folder, depth: number, parent: number): void => {
    for (const file of folder.files.reverse()) pending.push({ folder: null, ...file, depth, parent });
    for (const inner of [...folder.folders.values()].reverse()) {
      pending.push({ folder: inner, name: inner.name, index: -1, depth, parent });
    }
  };
  enter(sortIntoFolders(leaves), 0, -1);
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { folder, name, index, depth, parent } = next;
    const at = nodes.length;
    nodes.push({ name, depth, parent, end: at + 1, file: index, size: leaves[index]?.size ?? 0 });
    if (folder !== null) enter(folder, depth + 1, at);
  }
  for (const node of nodes.toReversed()) {
    const parent = nodes[node.parent];
    if (parent === undefined) continue;
    parent.size += node.size;
    parent.end = Math.max(parent.end, node.end);
  }
  return nodes;
}

function sortIntoFolders(leaves: readonly Leaf[]): Folder {
  const top: Folder = { name: '', folders: new Map(), files: [] };
  leaves.forEach((leaf, index) => {
    let folder = top;
    for (const name of leaf.path.slice(0, -1)) {
      let inner = folder.folders.get(name);
      if (inner === undefined) {
        inner = { name, folders: new Map(), files: [] };
        folder.folders.set(name, inner);
      }
      folder = inner;
    }
    folder.files.push({ name: leaf.path.at(-1) ?? '', index });
  });
  return top;
}

/** The names from the top down to a node. */
export function pathOf(nodes: readonly Node[], at: number): string[] {
  const path: string[] = [];
  for (let node = nodes[at]; node !== undefined; node = nodes[node.parent]) path.push(node.name);
  return path.reverse();
}

/** Places of the nodes to show: those in open folders; with a search, the files that match and the folders around them. */
export function visibleNodes(nodes: readonly Node[], open: ReadonlySet<number>, search: string): number[] {
  const shown: number[] = [];
  if (search === '') {
    for (let at = 0; at < nodes.length;) {
      const node = nodes[at];
      if (node === undefined) break;
      shown.push(at);
      at = node.file < 0 && !open.has(at) ? node.end : at + 1;
    }
    return shown;
  }
  const needle = search.toLowerCase();
  const keep = new Uint8Array(nodes.length);
  for (let at = nodes.length - 1; at >= 0; at--) {
    const node = nodes[at];
    if (node === undefined) continue;
    if (node.file >= 0 && node.name.toLowerCase().includes(needle)) keep[at] = 1;
    if (keep[at] === 1 && node.parent >= 0) keep[node.parent] = 1;
  }
  for (let at = 0; at < nodes.length; at++) if (keep[at] === 1) shown.push(at);
  return shown;
}

/** For every node, whether all, some or none of its files are wanted. */
export function checksOf(nodes: readonly Node[], wanted: (file: number) => boolean): Check[] {
  const checks: Check[] = new Array<Check>(nodes.length).fill('none');
  const files = new Uint32Array(nodes.length);
  const chosen = new Uint32Array(nodes.length);
  for (let at = nodes.length - 1; at >= 0; at--) {
    const node = nodes[at];
    if (node === undefined) continue;
    if (node.file >= 0) {
      files[at] = 1;
      chosen[at] = wanted(node.file) ? 1 : 0;
    }
    const all = files[at] ?? 0;
    const some = chosen[at] ?? 0;
    checks[at] = some === 0 ? 'none' : some === all ? 'all' : 'some';
    if (node.parent >= 0) {
      files[node.parent] = (files[node.parent] ?? 0) + all;
      chosen[node.parent] = (chosen[node.parent] ?? 0) + some;
    }
  }
  return checks;
}

/** The files at and inside a node. */
export function filesOf(nodes: readonly Node[], at: number): number[] {
  const node = nodes[at];
  if (node === undefined) return [];
  return nodes
    .slice(at, node.end)
    .map(inner => inner.file)
    .filter(file => file >= 0);
}
