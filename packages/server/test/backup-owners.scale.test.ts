import { test } from 'vitest';
import { createPlainlyOwnedDatabase, createSuperusersDatabase } from './support/backup.ts';
import { expectRoundTrip } from './support/backup-round-trip.ts';

test('a restore brings back everything: backed up by a plain owner, restored by a superuser', () =>
  expectRoundTrip(createPlainlyOwnedDatabase, createSuperusersDatabase));

test('a restore brings back everything: backed up by a plain owner, restored by a plain owner', () =>
  expectRoundTrip(createPlainlyOwnedDatabase, createPlainlyOwnedDatabase));
