import type { Command } from '../../sw/api.ts';
import type { FilePriority, FileRow, TorrentId } from '../../sw/view-model.ts';
import { sintelFiles } from './mock-torrents.ts';

/** The files of the mock's torrents: those of a film where nothing else was said. */
export class MockFiles {
  readonly #files = new Map<TorrentId, FileRow[]>();

  of(id: TorrentId): FileRow[] {
    return this.#files.get(id) ?? sintelFiles();
  }

  set(id: TorrentId, files: FileRow[]): void {
    this.#files.set(id, files);
  }

  sizeOf(id: TorrentId): number {
    return this.of(id).reduce((sum, file) => sum + file.size, 0);
  }

  rename({ id, path, to }: Extract<Command, { do: 'rename' }>): void {
    const isInside = (file: FileRow): boolean => path.every((name, at) => file.path[at] === name);
    this.set(
      id,
      this.of(id).map(file =>
        isInside(file) ? { ...file, path: [...path.slice(0, -1), to, ...file.path.slice(path.length)] } : file,
      ),
    );
  }

  prioritise(id: TorrentId, to: (file: number) => FilePriority | undefined): void {
    this.set(
      id,
      this.of(id).map((file, index) => ({ ...file, priority: to(index) ?? file.priority })),
    );
  }
}
