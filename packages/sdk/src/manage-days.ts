import { rangedRows } from './analytics.ts';
import { at, pages, submitItems } from './manage-calls.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './request.ts';
import type { Rows } from './rows.ts';
import type { Many, SubmitOptions, Submitted } from './submit.ts';
import type { Change, DateLike, Filter, Item, Listing, Reply, Result } from './types.ts';

/** Usual weeks, from which days are made. */
export class WeekPlans {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Those of active people, by the id of the person. */
  list(
    filter?: Filter<'GET /v1/manage/week-plans'>,
    options?: CallOptions,
  ): Rows<Listing<'GET /v1/manage/week-plans'>> {
    return pages(this.#transport, at`week-plans`, filter, options);
  }

  /** @throws NotFoundError where there is no such person */
  get(userId: string, options?: CallOptions): Promise<Reply<'GET /v1/manage/users/{userId}/week-plan'>> {
    return this.#transport.json({ method: 'GET', path: at`users/${userId}/week-plan` }, options);
  }

  /** Replaces the week; days that have been made follow it from `applyFrom` on, if that is given. */
  set(
    userId: string,
    plan: Change<'PUT /v1/manage/users/{userId}/week-plan'>,
    options?: CallOptions,
  ): Promise<Reply<'PUT /v1/manage/users/{userId}/week-plan'>> {
    return this.#transport.json({ method: 'PUT', path: at`users/${userId}/week-plan`, body: plan }, options);
  }

  /** Replaces the weeks of any number of people, a thousand in a call, in order. */
  submit(
    items: Many<Item<'POST /v1/manage/week-plans'>>,
    options?: SubmitOptions,
  ): Promise<Submitted<Item<'POST /v1/manage/week-plans'>, Result<'POST /v1/manage/week-plans'>>> {
    return submitItems(this.#transport, at`week-plans`, items, options);
  }
}

/** People's days: plans and bookings. Days are `YYYY-MM-DD`. */
export class Days {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** A person's days, one entry for each date of a range of any length. */
  list(
    userId: string,
    range: { startDate: DateLike; endDate: DateLike },
    options?: CallOptions,
  ): Rows<Reply<'GET /v1/manage/users/{userId}/days'>[number]> {
    return rangedRows(this.#transport, at`users/${userId}/days`, range, options);
  }

  /** Who plans to be at an office on a day, and what they have booked. */
  at(filter: Filter<'GET /v1/manage/days'>, options?: CallOptions): Rows<Listing<'GET /v1/manage/days'>> {
    return pages(this.#transport, at`days`, filter, options);
  }

  /**
   * Plans a day, books, or moves the booking.
   * @throws ConflictError when the day is past, the desk taken or closed, or the zone full
   */
  set(
    userId: string,
    day: DateLike,
    plan: Change<'PUT /v1/manage/users/{userId}/days/{day}'>,
    options?: CallOptions,
  ): Promise<Reply<'PUT /v1/manage/users/{userId}/days/{day}'>> {
    return this.#transport.json(
      { method: 'PUT', path: at`users/${userId}/days/${day}`, body: plan },
      options,
    );
  }

  /** Gives a day back to the person's leave or week plan. */
  clear(
    userId: string,
    day: DateLike,
    query: { reason?: string | undefined } = {},
    options?: CallOptions,
  ): Promise<Reply<'DELETE /v1/manage/users/{userId}/days/{day}'>> {
    return this.#transport.json({ method: 'DELETE', path: at`users/${userId}/days/${day}`, query }, options);
  }

  /**
   * Cancels a booking; the day becomes remote, or what `plan` says: `r`, `a` or `none`. Not repeated by itself when the answer
   * is lost: a second call would find no booking.
   * @throws NotFoundError where there is no booking
   */
  cancelBooking(
    userId: string,
    day: DateLike,
    query: { plan?: 'r' | 'a' | 'none' | undefined; reason?: string | undefined } = {},
    options?: CallOptions,
  ): Promise<Reply<'DELETE /v1/manage/users/{userId}/days/{day}/booking'>> {
    const path = at`users/${userId}/days/${day}/booking`;
    return this.#transport.json({ method: 'DELETE', path, query, once: true }, options);
  }

  /** Plans any number of days of many people, a thousand in a call, in order; a plan of null gives a day back. */
  submit(
    items: Many<Item<'POST /v1/manage/days'>>,
    options?: SubmitOptions,
  ): Promise<Submitted<Item<'POST /v1/manage/days'>, Result<'POST /v1/manage/days'>>> {
    return submitItems(this.#transport, at`days`, items, options);
  }
}
