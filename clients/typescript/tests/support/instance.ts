import { Instance as Plain, type Settings } from '../../../testing/instance.js';
import { ADMIN, SECRET_KEY } from './constants.js';

export { freePort, type Settings } from '../../../testing/instance.js';

/** A server whose tokens expire as soon as they may, and that signs with a key that tests know. */
export class Instance extends Plain {
  protected override get defaults(): Settings {
    return {
      FIRST_SUPERUSER: ADMIN.email,
      FIRST_SUPERUSER_PASSWORD: ADMIN.password,
      ACCESS_TOKEN_EXPIRE_MINUTES: '1',
      SECRET_KEY,
    };
  }
}
