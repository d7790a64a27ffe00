import { expect, test } from 'vitest';
import { AUDIT_ACTIONS } from '../../server/src/http/audit/actions.ts';
import { audit } from '../src/texts/audit.ts';

test('each action of the audit trail has the words that its documentation has', () => {
  const titles = Object.entries(AUDIT_ACTIONS).map(([action, { title }]) => [action, title]);
  expect(audit.actions).toEqual(Object.fromEntries(titles));
});
