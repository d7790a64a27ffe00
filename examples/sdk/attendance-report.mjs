#!/usr/bin/env node
// Writes attendance by office and day as CSV. The file fits into a spreadsheet for any range.
// Needs Node 20 or later and @rollcall/sdk.
//
//   node attendance-report.mjs 2026-01-01 2026-12-31 > attendance.csv
//
// Set ROLLCALL_BASE_URL, ROLLCALL_API_KEY and ROLLCALL_SECRET to the address of the server and the key.
import { Rollcall } from '@rollcall/sdk';

const [startDate, endDate] = process.argv.slice(2);
if (!startDate || !endDate) {
  console.error('usage: attendance-report.mjs START_DATE END_DATE');
  process.exit(2);
}

const TYPES = ['confirmed', 'walkIn', 'noShow', 'unconfirmed'];
const counts = new Map();
// The script keeps only the counts, so the rows of a year need not fit into memory.
for await (const row of new Rollcall().analytics.userBookingAttendance({ startDate, endDate })) {
  if (!row.attendanceType) continue;
  const key = JSON.stringify([
    row.day.slice(0, 10),
    row.attendanceLocationName ?? row.attendanceLocationId ?? '',
  ]);
  const count = counts.get(key) ?? Object.fromEntries(TYPES.map((type) => [type, 0]));
  count[row.attendanceType]++;
  counts.set(key, count);
}

// A spreadsheet reads a text that begins with one of these characters as a formula.
const cell = (value) =>
  `"${String(value)
    .replace(/^[=+\-@]/, "'$&")
    .replaceAll('"', '""')}"`;
console.log(['day', 'office', ...TYPES].join(','));
for (const [key, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
  const [day, office] = JSON.parse(key);
  console.log([day, cell(office), ...TYPES.map((type) => count[type])].join(','));
}
