import { rangedRows } from './analytics.ts';
import { at, namesVersion, pages, submitItems } from './manage-calls.ts';
import type { CallOptions } from './options.ts';
import type { Transport } from './request.ts';
import type { Rows } from './rows.ts';
import type { Many, SubmitOptions, Submitted } from './submit.ts';
import type { Change, DateLike, Filter, Item, Listing, Reply, Result } from './types.ts';

/** Week plans: the default plan of each weekday of a user. The server makes plans of days from them. */
export class WeekPlans {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Lists the week plans of active users in the order of user ids. */
  list(
    filter?: Filter<'GET /v1/manage/week-plans'>,
    options?: CallOptions,
  ): Rows<Listing<'GET /v1/manage/week-plans'>> {
    return pages(this.#transport, at`week-plans`, filter, options);
  }

  /**
   * Reads the week plan of a user.
   * @throws NotFoundError if the user does not exist.
   */
  get(userId: string, options?: CallOptions): Promise<Reply<'GET /v1/manage/users/{userId}/week-plan'>> {
    return this.#transport.json({ method: 'GET', path: at`users/${userId}/week-plan` }, options);
  }

  /**
   * Replaces the week plan of a user. With `applyFrom`, days from that day on that follow the old week plan,
   * or have no plan, change too. Without it, existing plans of days stay as they are. With `version`, the client does
   * not retry if the answer is lost, because a second call would conflict with the first.
   * @throws ConflictError if `version` is not the present version.
   */
  set(
    userId: string,
    plan: Change<'PUT /v1/manage/users/{userId}/week-plan'>,
    options?: CallOptions,
  ): Promise<Reply<'PUT /v1/manage/users/{userId}/week-plan'>> {
    const once = namesVersion(plan);
    return this.#transport.json(
      { method: 'PUT', path: at`users/${userId}/week-plan`, body: plan, once },
      options,
    );
  }

  /** Replaces the week plans of any number of users in order, 1,000 in a request. */
  submit(
    items: Many<Item<'POST /v1/manage/week-plans'>>,
    options?: SubmitOptions,
  ): Promise<Submitted<Item<'POST /v1/manage/week-plans'>, Result<'POST /v1/manage/week-plans'>>> {
    return submitItems(this.#transport, at`week-plans`, items, options);
  }
}

/** Plans and bookings of single days. Answers have days as `YYYY-MM-DD`. */
export class Days {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Lists the days of a user: one entry for each date of the range. The range may have any length. */
  list(
    userId: string,
    range: { startDate: DateLike; endDate: DateLike },
    options?: CallOptions,
  ): Rows<Reply<'GET /v1/manage/users/{userId}/days'>[number]> {
    return rangedRows(this.#transport, at`users/${userId}/days`, range, options);
  }

  /** Lists the users who plan to be at an office on a day, with their bookings. */
  at(filter: Filter<'GET /v1/manage/days'>, options?: CallOptions): Rows<Listing<'GET /v1/manage/days'>> {
    return pages(this.#transport, at`days`, filter, options);
  }

  /**
   * Plans a day, books, or moves the booking. With `version`, the client does not retry if the answer is lost, because
   * a second call would conflict with the first.
   * @throws ConflictError if the day is past, the desk is taken or closed, the zone is full, or `version` is not the
   * present version.
   */
  set(
    userId: string,
    day: DateLike,
    plan: Change<'PUT /v1/manage/users/{userId}/days/{day}'>,
    options?: CallOptions,
  ): Promise<Reply<'PUT /v1/manage/users/{userId}/days/{day}'>> {
    const once = namesVersion(plan);
    return this.#transport.json(
      { method: 'PUT', path: at`users/${userId}/days/${day}`, body: plan, once },
      options,
    );
  }

  /** Resets a day: it gets its default again, from the user's leave or week plan. */
  clear(
    userId: string,
    day: DateLike,
    query: { reason?: string | undefined } = {},
    options?: CallOptions,
  ): Promise<Reply<'DELETE /v1/manage/users/{userId}/days/{day}'>> {
    return this.#transport.json({ method: 'DELETE', path: at`users/${userId}/days/${day}`, query }, options);
  }

  /**
   * Cancels a booking. `plan` is the new plan of the day: `r` remote (the default), `a` away, or `none`. The
   * client does not retry if the answer is lost, because a second call would find no booking.
   * @throws NotFoundError if there is no booking.
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

  /**
   * Plans any number of days of many users in order, 1,000 in a request. A plan of null resets the day to its
   * default.
   */
  submit(
    items: Many<Item<'POST /v1/manage/days'>>,
    options?: SubmitOptions,
  ): Promise<Submitted<Item<'POST /v1/manage/days'>, Result<'POST /v1/manage/days'>>> {
    return submitItems(this.#transport, at`days`, items, options);
  }

  /** What `submit` would do with at most 1,000 items. Each result has the day after it. The server changes nothing. */
  preview(
    items: readonly Item<'POST /v1/manage/days'>[],
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/manage/days'>> {
    return this.#transport.json(
      { method: 'POST', path: at`days`, query: { preview: true }, body: { items } },
      options,
    );
  }
}
