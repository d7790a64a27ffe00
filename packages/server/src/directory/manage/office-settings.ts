import { type Static, Type } from 'typebox';
import { Maybe } from '../../http/schema.ts';
import type { Tx } from '../../store/connections/db.ts';
import { lockDirectory } from '../../store/connections/directory-lock.ts';
import {
  DESK_PRESENCE,
  listOfficeSettings,
  type OfficeSettings,
  PRESENCE_REPORTING,
  upsertOfficeSettings,
} from '../../store/directory/office-settings.ts';
import { parseGuid } from '../../store/values/guid.ts';
import { orRefused, type UpsertResult } from '../upsert.ts';
import { ItemRefusedError, quote } from '../values.ts';

const MOST_HORIZON_DAYS = 366;

/** A change of an office's settings. Members that are left out stay as they are. */
export const SettingsChange = Type.Object({
  horizonDays: Maybe(
    Type.Number({
      description: `for how many days from today the server makes plans and bookings, 0 to ${MOST_HORIZON_DAYS}`,
    }),
  ),
  presenceReporting: Maybe(
    Type.String({
      description:
        '`detect`: it worked on a day if the server received any presence event for it; `always`; `never`: ' +
        'attendance is unconfirmed',
    }),
  ),
  deskPresence: Maybe(
    Type.String({ description: '`record`, or `book`: a presence event at a desk books the desk' }),
  ),
  releaseAssignedDesks: Maybe(
    Type.Boolean({ description: 'whether others may book an assigned desk while its owner is elsewhere' }),
  ),
});

export const SettingsItem = Type.Object({ locationId: Type.String(), ...SettingsChange.properties });
export type SettingsItem = Static<typeof SettingsItem>;

interface Draft {
  locationId: string;
  change: Partial<OfficeSettings>;
}

/**
 * Changes the settings of offices, item by item. A refused item stops no other. Results are in the order of
 * `items`; the id of a result is the id of the location. Takes the directory lock.
 */
export async function changeOfficeSettings(
  tx: Tx,
  tenantId: string,
  items: SettingsItem[],
): Promise<UpsertResult[]> {
  const drafts = items.map((item) => orRefused(() => judge(item)));
  await lockDirectory(tx, tenantId);
  const ids = new Set(drafts.flatMap((draft) => ('refused' in draft ? [] : draft.locationId)));
  const offices = new Map(
    (await listOfficeSettings(tx, tenantId, [...ids])).map((office) => [office.locationId, office]),
  );
  const changed = new Set<string>();
  const apply = ({ locationId, change }: Draft): UpsertResult => {
    const office = offices.get(locationId);
    if (!office) throw new ItemRefusedError(`locationId ${quote(locationId)} is not known`);
    const members = Object.keys(change) as (keyof OfficeSettings)[];
    if (members.every((member) => change[member] === office[member])) {
      return { id: locationId, result: 'unchanged' };
    }
    offices.set(locationId, { ...office, ...change });
    changed.add(locationId);
    return { id: locationId, result: 'updated' };
  };
  const results = drafts.map((draft) => ('refused' in draft ? draft : orRefused(() => apply(draft))));
  await upsertOfficeSettings(
    tx,
    tenantId,
    [...offices.values()].filter(({ locationId }) => changed.has(locationId)),
  );
  return results;
}

function judge(item: SettingsItem): Draft {
  const { horizonDays, presenceReporting, deskPresence, releaseAssignedDesks } = item;
  const locationId = parseGuid(item.locationId.trim());
  if (locationId === undefined)
    throw new ItemRefusedError(`locationId ${quote(item.locationId)} is not a GUID`);
  if (typeof horizonDays === 'number' && !isHorizon(horizonDays)) {
    throw new ItemRefusedError(
      `horizonDays ${quote(String(horizonDays))} is not a whole number from 0 to ${MOST_HORIZON_DAYS}`,
    );
  }
  const said = {
    horizonDays,
    presenceReporting: oneOf('presenceReporting', presenceReporting, PRESENCE_REPORTING),
    deskPresence: oneOf('deskPresence', deskPresence, DESK_PRESENCE),
    releaseAssignedDesks,
  };
  const given = Object.entries(said).filter(([, value]) => value !== null && value !== undefined);
  return { locationId, change: Object.fromEntries(given) };
}

function isHorizon(days: number): boolean {
  return Number.isInteger(days) && days >= 0 && days <= MOST_HORIZON_DAYS;
}

function oneOf<Value extends string>(
  member: string,
  value: string | null | undefined,
  allowed: readonly Value[],
): Value | undefined {
  if (value === null || value === undefined) return undefined;
  const found = allowed.find((each) => each === value);
  if (found === undefined)
    throw new ItemRefusedError(`${member} ${quote(value)} is not one of ${allowed.join(', ')}`);
  return found;
}
