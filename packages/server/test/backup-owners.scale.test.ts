import { test } from 'vitest';
import { createPlainlyOwnedDatabase, createSuperusersDatabase } from './support/backup.ts';
import { expectRoundTrip } from './support/backup-round-trip.ts';

test('everything comes back as it was: backed up by a plain owner, restored by a superuser', () =>
  expectRoundTrip(createPlainlyOwnedDatabase, createSuperusersDatabase));

test('everything comes back as it was: backed up by a plain owner, restored by a plain owner', () =>
  expectRoundTrip(createPlainlyOwnedDatabase, createPlainlyOwnedDatabase));
