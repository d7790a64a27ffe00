/** Says what a run does not test, and `why`, unless it can. Otherwise a machine without a program would seem to pass. */
export function warnUnless(can: boolean, why: string, what: string): void {
  if (!can) console.warn(`NOT RUN, since ${why}: ${what}`);
}
