import { changeOfficeSettings } from '../directory/manage/office-settings.ts';
import { listOfficeSettings } from '../store/directory/office-settings.ts';
import { listPresenceDays } from '../store/events/stored-events.ts';
import { guid, needDay, type Row, text } from './cells.ts';
import type { ImportTarget } from './target.ts';

const JUDGED = ['confirmed', 'noShow', 'unconfirmed'] as const;
type Judged = (typeof JUDGED)[number];
type Evidence = Record<Judged, Set<string>>;

/**
 * What attendance says of how offices were set: exports do not have their settings, but without presence nobody is a
 * noShow unless reporting was taken to work always, and with presence nobody is unconfirmed unless it was taken never to.
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

  /** Sets the offices that are set to nothing yet, after presence was loaded; says in sentences what it did, or could not. */
  async apply({ tenantId, retrying }: ImportTarget): Promise<string[]> {
    const remarks: string[] = [];
    const settings = await retrying((tx) => listOfficeSettings(tx, tenantId, [...this.#offices.keys()]));
    for (const { locationId, locationName, presenceReporting } of settings) {
      const evidence = this.#offices.get(locationId);
      if (!evidence || presenceReporting !== 'detect') continue;
      const seen = new Set(await retrying((tx) => listPresenceDays(tx, tenantId, locationId)));
      const contradicted = {
        confirmed: minus(evidence.confirmed, seen),
        noShow: minus(evidence.noShow, seen),
        unconfirmed: [...evidence.unconfirmed].filter((day) => seen.has(day)),
      };
      const days = contradicted.noShow.length + contradicted.unconfirmed.length;
      if (contradicted.confirmed.length > 0) {
        remarks.push(
          `${locationName}: on ${contradicted.confirmed.length} days people are confirmed of whom no presence is known; they are no-shows or unconfirmed here.`,
        );
      } else if (days > 0) {
        const presenceReporting = settingOf(evidence, contradicted);
        if (presenceReporting) {
          await retrying((tx) => changeOfficeSettings(tx, tenantId, [{ locationId, presenceReporting }]));
        }
        remarks.push(
          presenceReporting
            ? `${locationName}: its presence reporting was set to ${presenceReporting}, as its attendance was judged.`
            : `${locationName}: its presence reporting was set differently at times; ${days} days are judged otherwise here.`,
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

function minus(days: Set<string>, seen: Set<string>): string[] {
  return [...days].filter((day) => !seen.has(day));
}
