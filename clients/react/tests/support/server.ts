import { Instance, type Settings } from '../../../testing/instance';
import { APP } from './needed';

export type { Settings } from '../../../testing/instance';

/** The administrator that every server begins with. */
export const ROOT = { email: 'root@example.com', password: 'correct horse battery 1' } as const;

/** A message that the server would have sent. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** A server with the built app: app and API are one origin. */
export class Server extends Instance {
  protected override get defaults(): Settings {
    return {
      STATIC_DIR: APP,
      APP_ORIGIN: this.url,
      FIRST_SUPERUSER: ROOT.email,
      FIRST_SUPERUSER_PASSWORD: ROOT.password,
    };
  }

  /** What the server would have sent, the newest first. */
  async mail(): Promise<ReadonlyArray<Mail>> {
    const response = await fetch(`${this.url}/dev/mail`, { headers: { Accept: 'application/json' } });
    if (!response.ok) throw new Error(`/dev/mail answers ${response.status}`);
    // The shape is the server's own; what is not there shows in the test that looks for it.
    return (await response.json()) as ReadonlyArray<Mail>;
  }
}
