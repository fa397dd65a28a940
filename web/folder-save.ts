/** The torrent that this window writes into a folder, and whether it can; save-to-folder.ts does it. */
import { signal } from '@preact/signals';

declare global {
  interface Window {
    /** WICG File System Access; Chromium on a desktop has it. */
    showDirectoryPicker?(options: { readonly id: string; readonly mode: 'readwrite' }): Promise<FileSystemDirectoryHandle>;
  }
}

/** A save that is under way. */
export interface FolderSave {
  readonly name: string;
  readonly folder: string;
  /** Bytes. */
  readonly saved: number;
  readonly size: number;
  /** Why nothing comes just now, a sentence; empty where something does. */
  readonly waits: string;
  stop(): void;
}

export const folderSave = signal<FolderSave | null>(null);

export function canSaveToFolder(): boolean {
  return typeof window.showDirectoryPicker === 'function';
}
