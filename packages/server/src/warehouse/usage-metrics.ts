import { setPlannerForAggregates } from '../store/warehouse/aggregates.ts';
import { listCapacityNodes, listOfficeClocks } from '../store/warehouse/metrics.ts';
import { listNumberedNodes, listNumberedPlaces, type NumberedPlace } from '../store/warehouse/numbers.ts';
import type { DatasetReader } from '../store/warehouse/query.ts';
import type { AttendedDay } from './attended-day.ts';
import { ByUnit } from './by-unit.ts';
import { CapacityTree } from './capacity-tree.ts';
import type { Row } from './format.ts';
import type { OfficeCalendar } from './office-calendar.ts';
import { PeriodReader, type Summary } from './period-reader.ts';
import { periodsOf, possibleDays } from './periods.ts';
import { type PersonIndex, readPersonIndex } from './person-index.ts';
import { Spots } from './spots.ts';
import { rate } from './statistics.ts';
import type { ReportedUnit, ReportedUnits } from './units.ts';
import { BOOKED, JUDGED, USED, UsageReader } from './usage-reader.ts';

/** The usage of a desk or zone. */
class Usage {
  usedDays = 0;
  bookedDays = 0;
  /** The days on which somebody had booked it and nobody used it, as far as that is known. */
  unusedBookedDays = 0;
  /** A day of a user counts once. */
  attendance = 0;
  readonly people = new Set<number>();
  /** The kinds of the pairs of the day that is being added. */
  kinds = 0;

  endDay(): void {
    if ((this.kinds & USED) !== 0) this.usedDays++;
    if ((this.kinds & BOOKED) !== 0) this.bookedDays++;
    if ((this.kinds & JUDGED) !== 0 && (this.kinds & USED) === 0) this.unusedBookedDays++;
    this.kinds = 0;
  }
}

/** How much the desks or zones of a period were used. */
class UsageSummary implements Summary {
  readonly #usage = new ByUnit(() => new Usage());
  /** By the number of the unit, which is that of its node and so the same on all days. */
  readonly #byNumber: Usage[] = [];
  readonly #people: PersonIndex;

  constructor(people: PersonIndex) {
    this.#people = people;
  }

  add({ pairs, units, entries, kinds, users }: AttendedDay, unitOf: (number: number) => ReportedUnit): void {
    const ofDay: Usage[] = [];
    for (let pair = 0; pair < pairs; pair++) {
      const unit = units[pair] as number;
      const entry = entries[pair] as number;
      const kind = kinds[entry] as number;
      this.#byNumber[unit] ??= this.#usage.of(unitOf(unit));
      const usage = this.#byNumber[unit];
      if (usage.kinds === 0) ofDay.push(usage);
      usage.kinds |= kind;
      if ((kind & USED) === 0) continue;
      usage.attendance++;
      usage.people.add(this.#people.personOf(users[entry] as number));
    }
    for (const usage of ofDay) usage.endDay();
  }

  rowsOf(unit: ReportedUnit, calendar: OfficeCalendar): Row[] {
    const usage = this.#usage.find(unit);
    if (!usage && !unit.inUse) return [];
    const { counts } = calendar.statisticsOf(unit.locationId);
    const { usedDays = 0, bookedDays = 0, unusedBookedDays = 0, attendance = 0 } = usage ?? {};
    return [
      {
        days: counts,
        usedDays,
        usedShare: rate(counts.reportedDays === 0 ? 0 : usedDays, counts.reportedDays),
        bookedDays,
        bookedShare: rate(bookedDays, counts.officeDays),
        unusedBookedDays,
        attendance,
        people: usage?.people.size ?? 0,
        exact: this.#people.areDifferent(usage?.people ?? []),
      },
    ];
  }
}

/** Reads how much desks or zones were used, with a row for each of them and each period. */
export const readUsage: DatasetReader = async function* (tx, query) {
  const { tenantId, locationIds, now, usage } = query;
  if (!usage) throw new Error('The dataset declares the filter of usage.');
  const window = possibleDays(query.window, now);
  if (window === undefined) return;
  await setPlannerForAggregates(tx);
  const tree = new CapacityTree(await listCapacityNodes(tx, tenantId), locationIds);
  const places = await listNumberedPlaces(tx, tenantId);
  const counted = places.filter(({ kind, zoneId }) => kind === usage.by && tree.isSelected(zoneId));
  const days = new UsageReader({
    by: usage.by,
    spots: new Spots(await listNumberedNodes(tx, tenantId)),
    places,
    counted: new Set(counted.map(({ number }) => number)),
  });
  const reader = await PeriodReader.open({
    tx,
    tenantId,
    window,
    query: usage,
    officeIds: new Set(tree.officeIds),
    clocks: await listOfficeClocks(tx, tenantId, now),
    days,
    units: new PlaceUnits(counted, tree),
  });
  const people = await readPersonIndex(tx, tenantId, window);
  yield* reader.rows([...periodsOf(query.window, usage.period)], () => new UsageSummary(people));
};

/** Desks or zones as units. */
class PlaceUnits implements ReportedUnits {
  readonly inOrder: readonly ReportedUnit[];
  readonly #byNumber: ReadonlyMap<number, ReportedUnit>;

  constructor(places: readonly NumberedPlace[], tree: CapacityTree) {
    const keyOf = ({ locationId, levelId, zoneId, nodeId }: NumberedPlace) =>
      [locationId, levelId, zoneId, nodeId].join(' ');
    const sorted = places
      .map((place) => ({ place, key: keyOf(place) }))
      .sort((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ place }) => [place.number, toUnit(place, tree)] as const);
    this.#byNumber = new Map(sorted);
    this.inOrder = sorted.map(([, unit]) => unit);
  }

  of(_locationId: string | null, number: number): ReportedUnit {
    return this.#byNumber.get(number) as ReportedUnit;
  }
}

function toUnit(
  { nodeId, kind, name, inUse, locationId, levelId, zoneId }: NumberedPlace,
  tree: CapacityTree,
): ReportedUnit {
  const isDesk = kind === 'place';
  return {
    locationId,
    names: {
      locationId,
      locationName: tree.nameOf(locationId),
      levelId,
      levelName: tree.nameOf(levelId),
      zoneId,
      zoneName: tree.nameOf(zoneId),
      placeId: isDesk ? nodeId : null,
      placeName: isDesk ? name : null,
    },
    capacity: null,
    inUse,
  };
}
