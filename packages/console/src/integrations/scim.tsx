import { Notice } from '../frame/notice.tsx';
import { texts } from '../texts.ts';

/** Tokens of identity providers. */
export default function Scim() {
  return <Notice {...texts.integrations.scim.command} />;
}
