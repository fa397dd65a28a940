/** What clients of /control hear of the host's own settings, and ask of them. */
import { type ControlFrame, ControlOp } from '../../wire/control.ts';
import type { Settings } from '../store/settings.ts';

type SetFrame = Extract<ControlFrame, { readonly op: typeof ControlOp.HOST_SETTINGS_SET }>;

interface Client {
  send(frame: ControlFrame): void;
}

export class SettingsDesk {
  private readonly settings: Settings;

  /** `toAll`: sends to everyone who was let in. */
  constructor(settings: Settings, toAll: (frame: ControlFrame) => void) {
    this.settings = settings;
    settings.onChange(() => toAll(this.told(0)));
  }

  /** It was let in. */
  opened(client: Client): void {
    client.send(this.told(0));
  }

  async hear(client: Client, { id, change }: SetFrame): Promise<void> {
    const problem = await this.settings.set(change);
    client.send(this.told(id, problem));
  }

  /** What lies in a folder that is no root any more is not looked at, should it become one again. */
  rootRemoved(root: string): void {
    const { watched } = this.settings.value;
    if (watched.some(one => one.root === root)) void this.settings.set({ watched: watched.filter(one => one.root !== root) });
  }

  private told(id: number, problem = this.settings.problem): ControlFrame {
    return { op: ControlOp.HOST_SETTINGS, id, problem, settings: this.settings.value };
  }
}
