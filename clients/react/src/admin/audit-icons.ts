import {
  type Icon,
  IconAlertTriangle,
  IconDevicesOff,
  IconKey,
  IconLogin2,
  IconLogout2,
  IconMail,
  IconMailCheck,
  IconPointFilled,
  IconRestore,
  IconShield,
  IconToggleLeft,
  IconToggleRight,
  IconTrash,
  IconUserPlus,
} from '@tabler/icons-react';
import { type AuditEvent, knownEvent } from './audit-words';

interface Look {
  readonly icon: Icon;
  readonly color: string;
}

const LOOKS: Readonly<Record<AuditEvent, Look>> = {
  registered: { icon: IconUserPlus, color: 'green' },
  login: { icon: IconLogin2, color: 'gray' },
  login_failed: { icon: IconAlertTriangle, color: 'red' },
  password_refused: { icon: IconAlertTriangle, color: 'red' },
  refresh_reused: { icon: IconAlertTriangle, color: 'red' },
  logout: { icon: IconLogout2, color: 'gray' },
  sessions_ended: { icon: IconDevicesOff, color: 'orange' },
  password_changed: { icon: IconKey, color: 'plinth' },
  password_reset: { icon: IconKey, color: 'plinth' },
  email_change_requested: { icon: IconMail, color: 'plinth' },
  email_changed: { icon: IconMail, color: 'plinth' },
  email_verified: { icon: IconMailCheck, color: 'green' },
  user_created: { icon: IconUserPlus, color: 'green' },
  role_changed: { icon: IconShield, color: 'plinth' },
  activated: { icon: IconToggleRight, color: 'green' },
  deactivated: { icon: IconToggleLeft, color: 'orange' },
  deleted: { icon: IconTrash, color: 'red' },
  restored: { icon: IconRestore, color: 'green' },
};

/** How an event looks; those that this app does not know look plain. */
export function iconOf(event: string): Look {
  const known = knownEvent(event);
  return known ? LOOKS[known] : { icon: IconPointFilled, color: 'gray' };
}
