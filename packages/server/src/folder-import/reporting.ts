import { changeOfficeSettings } from '../directory/manage/office-settings.ts';
import { listOfficeSettings } from '../store/directory/office-settings.ts';
import { listPresenceDays } from '../store/events/stored-events.ts';
import { guid, needDay, type Row, text } from './cells.ts';
import type { ImportTarget } from './target.ts';

const JUDGED = ['confirmed', 'noShow', 'unconfirmed'] as const;
type Judged = (typeof JUDGED)[number];
type Evidence = Record<Judged, Set<string>>;

/**
 * What attendance shows about the presence reporting of offices. Exports do not contain this setting. On a day
 * without presence events, a `noShow` shows that the setting was `always`. On a day with presence events, an
 * `unconfirmed` shows that it was `never`.
 */
export class ReportingEvidence {
  readonly #offices = new Map<string, Evidence>();

  note(row: Row): void {
    const type = JUDGED.find((each) => each === text(row, 'attendanceType'));
    const locationId = guid(row, 'attendanceLocationId', 'bookingLocationId');
    if (!type || locationId === undefined) return;
    const evidence = this.#offices.get(locationId) ?? {
      confirmed: new Set(),
      noShow: new Set(),
      unconfirmed: new Set(),
    };
    this.#offices.set(locationId, evidence);
    evidence[type].add(needDay(row, 'day'));
  }

  /**
   * Sets the presence reporting of offices that still have the default. Call it after presence was loaded. Returns
   * sentences about the changes, and about those that were not possible.
   */
  async apply({ tenantId, retrying }: ImportTarget): Promise<string[]> {
    const remarks: string[] = [];
    const settings = await retrying((tx) => listOfficeSettings(tx, tenantId, [...this.#offices.keys()]));
    for (const { locationId, locationName, presenceReporting } of settings) {
      const evidence = this.#offices.get(locationId);
      if (!evidence || presenceReporting !== 'detect') continue;
      const presenceDays = new Set(await retrying((tx) => listPresenceDays(tx, tenantId, locationId)));
      const contradicted = {
        confirmed: minus(evidence.confirmed, presenceDays),
        noShow: minus(evidence.noShow, presenceDays),
        unconfirmed: [...evidence.unconfirmed].filter((day) => presenceDays.has(day)),
      };
      const days = contradicted.noShow.length + contradicted.unconfirmed.length;
      if (contradicted.confirmed.length > 0) {
        remarks.push(
          `${locationName}: on ${contradicted.confirmed.length} days people are confirmed in the folder, but no presence events exist; these people are no-shows or unconfirmed here.`,
        );
      } else if (days > 0) {
        const presenceReporting = settingOf(evidence, contradicted);
        if (presenceReporting) {
          await retrying((tx) => changeOfficeSettings(tx, tenantId, [{ locationId, presenceReporting }]));
        }
        remarks.push(
          presenceReporting
            ? `${locationName}: its presence reporting was set to ${presenceReporting}, because its attendance in the folder requires that.`
            : `${locationName}: its presence reporting changed over time; ${days} days have another attendance here.`,
        );
      }
    }
    return remarks;
  }
}

function settingOf(
  evidence: Evidence,
  contradicted: Record<Judged, string[]>,
): 'always' | 'never' | undefined {
  if (evidence.unconfirmed.size === 0 && contradicted.noShow.length > 0) return 'always';
  return evidence.noShow.size === 0 && contradicted.unconfirmed.length > 0 ? 'never' : undefined;
}

function minus(days: Set<string>, presenceDays: Set<string>): string[] {
  return [...days].filter((day) => !presenceDays.has(day));
}
