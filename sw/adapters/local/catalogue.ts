/** Which files the store has, and which segments: in memory as far as they were asked for, and as records. */
import type { FilePlace } from '../../engine/events.ts';
import type { Log } from '../../engine/ports.ts';
import type { Segment } from './extents.ts';
import { CACHED, Doubts } from './doubts.ts';
import { problemOf, type SegmentFiles } from './folder.ts';
import { encodeSegment, Group, type StoredFile, type Written } from './group.ts';
import type { Records } from './records.ts';
import { Turns } from './turns.ts';

/** Records of single segments of a group, until they become one. */
export const MAX_LOOSE = 256;
/** Leftovers that are removed at once. */
export const REMOVALS = 8;
/** Numbers that one opening of the store has for files, groups and segments. */
const NUMBERS = 2 ** 32;

export interface CatalogueOptions {
  readonly root: string;
  readonly log: Log;
  /** ms since 1970. */
  readonly wall: () => number;
  /** Ms, of a clock that nobody sets. */
  readonly ticks: () => number;
  /** Bytes of these files are gone that were there when the store was used last. */
  readonly lost: (files: readonly FilePlace[]) => void;
}

export class Catalogue {
  private readonly loading = new Map<number, Promise<Group>>();
  private readonly groups = new Map<number, Group>();
  private next: number;
  private lastTime = 0;
  private readonly began: { readonly wall: number; readonly ticks: number };
  /** Up to this number every segment is in its group, or will never be. */
  private applied: number;
  private readonly doubts: Doubts;
  private readonly removals = new Turns(REMOVALS);

  /** `epoch`: counts the openings of the store; `tops`: groups by the first component of the paths in them. */
  constructor(
    private readonly records: Records,
    private readonly files: SegmentFiles,
    private readonly first: number,
    private readonly tops: Map<string, readonly number[]>,
    private readonly options: CatalogueOptions,
  ) {
    this.next = first;
    this.applied = first - 1;
    this.began = { wall: options.wall(), ticks: options.ticks() };
    this.doubts = new Doubts(files, segment => this.lose(segment.group, [segment]));
  }

  static firstOf(epoch: number): number {
    return epoch * NUMBERS;
  }

  /** The opening that gave a number. */
  static epochOf(number: number): number {
    return Math.floor(number / NUMBERS);
  }

  /** A number that was never given before. */
  number(): number {
    return this.next++;
  }

  /** ms since 1970, and never less than before. */
  now(): number {
    this.lastTime = Math.max(this.lastTime, Math.floor(this.options.wall()));
    return this.lastTime;
  }

  /** What time it is at least: a clock that was set forward in this life says that more has passed than has. */
  private atLeast(): number {
    const { wall, ticks } = this.began;
    return Math.min(this.now(), Math.floor(wall + this.options.ticks() - ticks));
  }

  /** The file at that path; with `create` it is made where there is none. */
  async find(path: readonly string[], create: boolean): Promise<StoredFile | null> {
    const groups = await this.below(path[0] ?? '');
    const name = path.join('/');
    for (const group of groups) {
      const file = group.paths.get(name);
      if (file) return file;
    }
    if (!create) return null;
    const group = this.current(path[0] ?? '') ?? this.newGroup(path[0] ?? '');
    const known = group.paths.get(name);
    if (known) return known;
    const file = group.add(this.number(), name, this.now());
    this.records.putFile(group.id, file.id, file.record);
    return file;
  }

  async byNumber(group: number, file: number): Promise<StoredFile | null> {
    return (await this.group(group)).files.get(file) ?? null;
  }

  /** What was written to a segment is part of its files from now on. Segments come in the order of their numbers. */
  apply(segment: Segment, parts: readonly Written[]): void {
    this.applied = Math.max(this.applied, segment.id);
    const group = this.groups.get(segment.group);
    if (!group) return this.bury([segment]);
    const dead = group.apply(segment, parts);
    if (segment.live > 0) {
      this.records.putSegment(group.id, segment.id, encodeSegment(segment, parts));
      group.loose += 1;
      if (group.loose > MAX_LOOSE) this.records.fold(group.id, group.fold(this.applied));
      this.prove(group);
    }
    this.bury(dead);
  }

  /** Takes it away; what resolves once that is recorded and its space free keeps nobody waiting: at its path there is nothing from now on. */
  remove(file: StoredFile): Promise<void> {
    const { group } = file;
    const top = topOf(file.path);
    group.remove(file);
    const dead = file.extents.clear();
    for (const { id } of dead) group.segments.delete(id);
    this.records.releaseFile(group.id, file.id);
    if (this.leaves(top, group) && !this.tops.has(top)) this.records.releaseTop(top);
    if (group.files.size === 0) {
      this.groups.delete(group.id);
      this.loading.delete(group.id);
      this.records.releaseGroup(group.id);
    } else for (const { id } of dead) this.records.deleteSegment(group.id, id);
    return this.free(group, dead, group.files.size === 0);
  }

  /** Gives it another path, at which there is nothing; resolves when that is recorded. */
  async rename(file: StoredFile, path: readonly string[]): Promise<void> {
    const { group } = file;
    const before = topOf(file.path);
    group.rename(file, path.join('/'));
    const top = path[0] ?? '';
    const groups = this.tops.get(top) ?? [];
    if (!groups.includes(group.id)) this.setTop(top, [...groups, group.id]);
    // With the new path, in one transaction: a group that nothing names is taken for a leftover.
    if (this.leaves(before, group)) this.records.putTop(before, this.tops.get(before) ?? []);
    this.records.putFile(group.id, file.id, file.record);
    await this.records.flush(true);
  }

  /** Whether a file is called so, or a folder of files, at the top. */
  has(top: string): boolean {
    return this.tops.has(top);
  }

  /** So many files in a group of their own that have no paths yet: nobody finds them, and the next opening of the store takes them for a leftover. */
  aside(count: number): Group {
    const group = new Group(this.number());
    group.sound = this.now();
    for (let at = 0; at < count; at++) group.add(this.number(), `${at}`, this.now());
    this.groups.set(group.id, group);
    this.loading.set(group.id, Promise.resolve(group));
    return group;
  }

  /** Gives files of a group that was {@link aside} their paths, below one name that nothing has: else it answers false. Resolves once that is recorded. */
  async settle(group: Group, paths: readonly (readonly [file: number, path: readonly string[]])[]): Promise<boolean> {
    const top = paths[0]?.[1][0] ?? '';
    if (this.tops.has(top)) return false;
    // Those that they had for a while may be among the new ones.
    group.paths.clear();
    for (const [id, path] of paths) {
      const file = group.files.get(id)!;
      group.rename(file, path.join('/'));
      this.records.putFile(group.id, id, file.record);
    }
    this.setTop(top, [group.id]);
    await this.records.flush(true);
    return true;
  }

  /** A group that was {@link aside} is not to be, settled or not. Resolves once its space is free. */
  async dissolve(group: Group): Promise<void> {
    for (const file of [...group.files.values()]) group.remove(file);
    for (const [top, groups] of this.tops) {
      if (!groups.includes(group.id)) continue;
      this.tops.delete(top);
      this.records.releaseTop(top);
    }
    this.groups.delete(group.id);
    this.loading.delete(group.id);
    this.records.releaseGroup(group.id);
    await this.records.flushReleases();
    await this.files.removeGroup(group.id);
  }

  /** They could not be read: what they held is not there any more, unless they were removed with good reason. */
  lose(id: number, segments: readonly Segment[]): void {
    const group = this.groups.get(id);
    const gone = new Set(segments.filter(segment => group?.segments.has(segment.id)));
    if (!group || gone.size === 0) return;
    const lost = group.lose(gone, this.now());
    for (const segment of gone) this.records.deleteSegment(group.id, segment.id);
    for (const file of lost) this.records.putFile(group.id, file.id, file.record);
    this.records.fold(group.id, group.fold(this.applied));
    const places = lost.map(file => file.place(this.options.root));
    this.options.log('warn', `bytes of ${lost.length} files of “${places[0]?.path[0] ?? ''}” are not in this browser any more`);
    this.options.lost(places);
  }

  /** Folders of groups that nothing is known of go. */
  async sweep(keep: number): Promise<void> {
    const known = new Set([keep, ...[...this.tops.values()].flat()]);
    for (const group of await this.files.groups()) {
      if (group >= this.first || known.has(group)) continue;
      this.records.releaseGroup(group);
      await this.files.removeGroup(group);
    }
  }

  /** All groups that have files below that name. */
  async below(top: string): Promise<Group[]> {
    return Promise.all((this.tops.get(top) ?? []).map(group => this.group(group)));
  }

  private current(top: string): Group | null {
    for (const id of this.tops.get(top) ?? []) {
      const group = this.groups.get(id);
      if (group) return group;
    }
    return null;
  }

  private newGroup(top: string): Group {
    const group = new Group(this.number());
    group.sound = this.now();
    this.groups.set(group.id, group);
    this.loading.set(group.id, Promise.resolve(group));
    this.setTop(top, [...(this.tops.get(top) ?? []), group.id]);
    return group;
  }

  private group(id: number): Promise<Group> {
    const known = this.loading.get(id);
    if (known) return known;
    const loading = this.load(id);
    this.loading.set(id, loading);
    loading.catch(() => this.loading.delete(id));
    return loading;
  }

  private async load(id: number): Promise<Group> {
    const { files, segments, fold, sound } = await this.records.group(id);
    const group = new Group(id);
    group.load(files, fold, segments);
    // What is written from now on is later than what is sound, though the clock was ahead once.
    this.lastTime = Math.max(this.lastTime, sound + 1);
    for (const { time } of group.segments.values()) this.lastTime = Math.max(this.lastTime, time);
    for (const { touched } of group.files.values()) this.lastTime = Math.max(this.lastTime, touched);
    this.groups.set(id, group);
    this.look(group, sound).catch((error: unknown) =>
      this.options.log('warn', `a folder of files could not be looked at: ${String(error)}`),
    );
    return group;
  }

  /** Resolves once a segment may be believed that a power cut may have taken; false: it is lost. Throws what the browser throws. */
  isSound(segment: Segment): Promise<boolean> {
    return this.doubts.look(segment);
  }

  /**
   * Compares what is recorded of a group with what there is. What was written a while before somebody looks, and is whole then, is on the disk
   * for sure: else a power cut in between would show.
   */
  private async look(group: Group, sound: number): Promise<void> {
    const began = this.atLeast();
    const known = [...group.segments.values()];
    const doubtful = known.filter(({ time }) => time > sound);
    this.doubts.add(doubtful);
    const segments = await this.files.list(group.id);
    this.lose(
      group.id,
      known.filter(({ id }) => !segments.has(id)),
    );
    const leftovers = [...segments].filter(id => id < this.first && !group.segments.has(id));
    await this.removeAll(group.id, leftovers);
    if (doubtful.length === 0) return void (group.sound = sound);
    // The newest were written last.
    for (const segment of doubtful.reverse()) if (group.segments.has(segment.id)) await this.isSound(segment);
    for (const segment of known) {
      if (!group.segments.has(segment.id)) continue;
      const { size } = await this.files.open(group.id, segment.id);
      if (size !== segment.length) this.lose(group.id, [segment]);
    }
    group.sound = sound;
    this.prove(group, began);
  }

  /** Records up to when segments of the group are on the disk for sure, now and again, once all that were there before were looked at. */
  private prove(group: Group, now = this.atLeast()): void {
    const sound = now - CACHED;
    if (group.sound === null || sound < group.sound + CACHED / 4) return;
    group.sound = sound;
    this.records.putSound(group.id, sound);
  }

  /** They hold nothing any more: they go once that is recorded. */
  private bury(dead: readonly Segment[]): void {
    if (dead.length === 0) return;
    for (const { group, id } of dead) this.records.deleteSegment(group, id);
    this.records
      .flush(false)
      .then(async () => {
        for (const { group, id } of dead) await this.files.remove(group, id);
      })
      .catch((error: unknown) => this.options.log('warn', `space could not be freed: ${problemOf(error)}`));
  }

  /** Those that are asked for while others are being recorded are recorded together. */
  private async free(group: Group, dead: readonly Segment[], isWhole: boolean): Promise<void> {
    await this.records.flushReleases();
    if (isWhole) await this.files.removeGroup(group.id);
    else
      await this.removeAll(
        group.id,
        dead.map(({ id }) => id),
      );
  }

  private async removeAll(group: number, segments: readonly number[]): Promise<void> {
    await Promise.all(segments.map(id => this.removals.through(() => this.files.remove(group, id))));
  }

  /** Whether nothing of the group lies below that name any more; then it is not looked for there. */
  private leaves(top: string, group: Group): boolean {
    for (const path of group.paths.keys()) if (topOf(path) === top) return false;
    const left = (this.tops.get(top) ?? []).filter(id => id !== group.id);
    if (left.length > 0) this.setTop(top, left);
    else this.tops.delete(top);
    return true;
  }

  private setTop(top: string, groups: readonly number[]): void {
    this.tops.set(top, groups);
    this.records.putTop(top, groups);
  }
}

function topOf(path: string): string {
  return path.split('/', 1)[0] ?? '';
}
