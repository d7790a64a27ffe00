import { at, csvFile, ofVersion, pages, readVersioned } from './manage-calls.ts';
import type { CallOptions, ChangeOptions, DownloadOptions } from './options.ts';
import { readBlob, type Transport } from './request.ts';
import type { Rows } from './rows.ts';
import type { Change, DateLike, Filter, Listing, PageWindow, Reply, Versioned } from './types.ts';

/** The type of an image of a floor plan. */
export type ImageType = 'image/png' | 'image/jpeg' | 'image/svg+xml';

/** Options of storing a draft. */
export interface DraftOptions extends ChangeOptions {
  /** Stores the draft only if the level has none. With `ifVersion`, which names a draft, the call always fails. */
  ifNew?: boolean | undefined;
}

/** The floor plans of levels: the published plan, which everybody sees, and the draft. */
export class FloorPlans {
  readonly #transport: Transport;
  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Lists the levels that have a plan, published or in draft, by the names of office and level. */
  list(options?: CallOptions): Rows<Listing<'GET /v1/manage/floor-plans'>> {
    return pages(this.#transport, at`floor-plans`, {}, options);
  }

  /** One page of what `list` lists, or of those whose names have the words of `search`. */
  page(
    filter: Filter<'GET /v1/manage/floor-plans'> & PageWindow,
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/floor-plans'>> {
    return this.#transport.json({ method: 'GET', path: at`floor-plans`, query: { ...filter } }, options);
  }

  /**
   * Reads the published plan of a level; `published` is null if there is none. The version is that of the plan.
   * @throws NotFoundError if the level does not exist.
   */
  read(
    levelId: string,
    options: CallOptions = {},
  ): Promise<Versioned<Reply<'GET /v1/manage/levels/{levelId}/floor-plan'>>> {
    const path = at`levels/${levelId}/floor-plan`;
    return this.#transport.exchange({ method: 'GET', path }, options, (answer) => readVersioned(answer));
  }

  /**
   * Removes the published plan of a level. A draft stays.
   * @throws NotFoundError if there is none.
   * @throws ConflictError if `ifVersion` is not the present version of the published plan.
   */
  remove(levelId: string, options?: ChangeOptions): Promise<void> {
    const path = at`levels/${levelId}/floor-plan`;
    return this.#transport.json({ method: 'DELETE', path, ...ofVersion(options) }, options);
  }

  /**
   * Reads the draft of a level, with its version; null if the level has none.
   * @throws NotFoundError if the level does not exist.
   */
  readDraft(
    levelId: string,
    options: CallOptions = {},
  ): Promise<Versioned<Reply<'GET /v1/manage/levels/{levelId}/floor-plan/draft'>> | null> {
    const path = at`levels/${levelId}/floor-plan/draft`;
    return this.#transport.exchange({ method: 'GET', path }, options, async (answer) =>
      answer.response.status === 204 ? null : await readVersioned(answer),
    );
  }

  /**
   * Stores the whole draft of a level. Returns it with its new version.
   * @throws ConflictError if `ifVersion` is not the present version, if `ifNew` is set and there is a draft, or if a node
   * came back that the published plan of a first draft had `hidden`.
   * @throws ValidationError if a place cannot be placed there.
   */
  saveDraft(
    levelId: string,
    plan: Change<'PUT /v1/manage/levels/{levelId}/floor-plan/draft'>,
    options: DraftOptions = {},
  ): Promise<Versioned<Reply<'PUT /v1/manage/levels/{levelId}/floor-plan/draft'>>> {
    const path = at`levels/${levelId}/floor-plan/draft`;
    const condition = ofVersion(options);
    const request = {
      method: 'PUT',
      path,
      body: plan,
      ...condition,
      ...(options.ifNew && { headers: { ...condition.headers, 'If-None-Match': '*' }, once: true }),
    };
    return this.#transport.exchange(request, options, (answer) => readVersioned(answer));
  }

  /**
   * Discards the draft of a level.
   * @throws NotFoundError if the level has none.
   * @throws ConflictError if `ifVersion` is not the present version of the draft.
   */
  discardDraft(levelId: string, options?: ChangeOptions): Promise<void> {
    const path = at`levels/${levelId}/floor-plan/draft`;
    return this.#transport.json({ method: 'DELETE', path, ...ofVersion(options) }, options);
  }

  /**
   * Makes the draft of a level its published plan. Returns that plan.
   * @throws NotFoundError if the level has no draft.
   * @throws ConflictError if `ifVersion` is not the present version of the draft, or if another plan was published
   * since the draft began. `force` replaces that plan.
   */
  publish(
    levelId: string,
    { force, ...options }: ChangeOptions & { force?: boolean | undefined } = {},
  ): Promise<Versioned<Reply<'POST /v1/manage/levels/{levelId}/floor-plan/publication'>>> {
    const path = at`levels/${levelId}/floor-plan/publication`;
    const query = { force: force || undefined };
    return this.#transport.exchange(
      // A second call would find no draft.
      { method: 'POST', path, query, once: true, ...ofVersion(options) },
      options,
      (answer) => readVersioned(answer),
    );
  }

  /**
   * Sends an image for the plan of a level. A draft names it by the `imageId` of the answer.
   * @throws ValidationError if the image is damaged or too large, or if an SVG cannot be made safe.
   */
  sendImage(
    levelId: string,
    content: Blob | string | Uint8Array<ArrayBuffer>,
    type: ImageType,
    options?: CallOptions,
  ): Promise<Reply<'POST /v1/manage/levels/{levelId}/floor-plan/images'>> {
    const path = at`levels/${levelId}/floor-plan/images`;
    return this.#transport.json({ method: 'POST', path, file: { content, type } }, options);
  }

  /**
   * Reads an image.
   * @throws NotFoundError if the organisation has no such image.
   */
  image(imageId: string, options: DownloadOptions = {}): Promise<Blob> {
    const path = at`floor-plan-images/${imageId}`;
    return this.#transport.exchange({ method: 'GET', path }, options, (answer) =>
      readBlob(answer, options.onBytes),
    );
  }

  /**
   * The state of each desk, room and zone of a level on a day; by default the office's today.
   * @throws NotFoundError if the level does not exist.
   */
  day(
    levelId: string,
    query: { date?: DateLike | undefined } = {},
    options?: CallOptions,
  ): Promise<Reply<'GET /v1/manage/levels/{levelId}/floor'>> {
    return this.#transport.json({ method: 'GET', path: at`levels/${levelId}/floor`, query }, options);
  }

  /** Where published plans show desks, rooms and zones. They come in the order of the ids of the nodes. */
  positions(
    filter?: Omit<Filter<'GET /v1/manage/floor-positions'>, 'format'>,
    options?: CallOptions,
  ): Rows<Listing<'GET /v1/manage/floor-positions'>> {
    return pages(this.#transport, at`floor-positions`, filter, options);
  }

  /** The same as a CSV file, which `imports.submit('floor-positions', …)` takes. */
  positionsFile(
    filter?: Omit<Filter<'GET /v1/manage/floor-positions'>, 'format'>,
    options?: CallOptions,
  ): Promise<string> {
    return csvFile(this.#transport, at`floor-positions`, filter, options);
  }
}
