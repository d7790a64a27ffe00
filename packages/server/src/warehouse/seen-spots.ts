import type { DayAggregate } from '../store/warehouse/aggregates.ts';
import { grown } from './attended-day.ts';
import { attendedSpots } from './attended-spots.ts';
import type { Spots } from './spots.ts';

/** Where the users of an office's day were detected and had booked. It reads one entry after the other. */
export class SeenSpots {
  readonly #spots: Spots;
  #columns: DayAggregate['columns'] | undefined;
  #office = 0;
  #at = 0;
  #spotsOfEntry = new Int32Array(16);
  /** The number of nodes at which the user of the entry was detected. */
  count = 0;
  /** The numbers of these nodes. The array may be longer. */
  nodes = new Int32Array(16);
  /** The booked node of the entry; 0 if there is none. */
  booked = 0;
  /** The spots that `attended` found. Callers may write over them. */
  found = new Int32Array(17);

  constructor(spots: Spots) {
    this.#spots = spots;
  }

  begin({ locationId, columns }: DayAggregate): void {
    this.#columns = columns;
    this.#office = this.#spots.officeIndex(locationId);
    this.#at = 0;
  }

  /** Reads an entry. It comes after the one that was read before. */
  read(entry: number): void {
    const { booked, seen_counts, seen } = this.#columns as DayAggregate['columns'];
    const count = seen_counts.readUInt16BE(2 * entry);
    this.count = count;
    this.booked = booked.readInt32BE(4 * entry);
    this.nodes = grown(this.nodes, count);
    for (let index = 0; index < count; index++) this.nodes[index] = seen.readInt32BE(this.#at + 4 * index);
    this.#at += 4 * count;
  }

  /** The spots in which the user of the entry counts (`attendedSpots`). Returns their number. */
  attended(): number {
    this.#spotsOfEntry = grown(this.#spotsOfEntry, this.count);
    this.found = grown(this.found, this.count + 1);
    for (let index = 0; index < this.count; index++)
      this.#spotsOfEntry[index] = this.spotOf(this.nodes[index] as number);
    const of = { seen: this.#spotsOfEntry, seenCount: this.count, booked: this.spotOf(this.booked) };
    return attendedSpots(this.#spots, of, this.found);
  }

  /** The spot of a node at the office. */
  spotOf(node: number): number {
    return this.#spots.of(node, this.#office);
  }
}
