/** The settings of `schema/plugin.json`; what they are before they are read is what that says. */
import type { ISettingRegistry } from '@jupyterlab/settingregistry';

export type Preference = 'statusBar' | 'marks' | 'reloadOpenFiles' | 'notifications' | 'launcher';

export class Preferences {
  private readonly users: { name: Preference; apply: (on: boolean) => void; last: boolean }[] = [];
  private settings: ISettingRegistry.ISettings | null = null;

  /** `apply` is called at once and whenever the setting changes. */
  use(name: Preference, apply: (on: boolean) => void): void {
    const last = this.get(name);
    this.users.push({ name, apply, last });
    apply(last);
  }

  follow(settings: ISettingRegistry.ISettings): void {
    this.settings = settings;
    settings.changed.connect(() => this.tell());
    this.tell();
  }

  private get(name: Preference): boolean {
    return (this.settings?.composite[name] as boolean | undefined) ?? true;
  }

  private tell(): void {
    for (const user of this.users) {
      const now = this.get(user.name);
      if (now !== user.last) {
        user.last = now;
        user.apply(now);
      }
    }
  }
}
