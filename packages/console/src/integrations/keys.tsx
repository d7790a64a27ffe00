import { Notice } from '../frame/notice.tsx';
import { texts } from '../texts.ts';

/** Keys of programs. */
export default function Keys() {
  return <Notice {...texts.integrations.keys.command} />;
}
