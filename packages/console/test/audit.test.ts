import { expect, test } from 'vitest';
import { ACTION_NAMES } from '../../server/src/http/audit/actions.ts';
import { audit } from '../src/texts/audit.ts';

test('each action of the audit trail has words, and no other one has', () => {
  expect(Object.keys(audit.actions).toSorted()).toEqual([...ACTION_NAMES].toSorted());
});
