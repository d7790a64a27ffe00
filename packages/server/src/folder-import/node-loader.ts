import { upsertDesks, upsertLevels, upsertLocations, upsertSpaces, upsertZones } from '../directory/nodes.ts';
import type { UpsertItem, UpsertResult } from '../directory/upsert.ts';
import { listNodesById, type NodeKind } from '../store/directory/nodes.ts';
import { maybeText, needGuid, number, type Row, text } from './cells.ts';
import { type Named, type NodePath, named, pathOf } from './node-path.ts';
import {
  type ImportTarget,
  loadEach,
  type Outcome,
  outcomeOf,
  type SourceRow,
  upsertInto,
} from './target.ts';

/** Names of the level and zone of a desk or space whose row does not name them. */
const UNNAMED = { level: 'Unnamed level', zone: 'Unnamed zone' };
const FROM_THE_TOP = ['location', 'level', 'zone', 'place', 'space'] as const satisfies readonly NodeKind[];

/**
 * Makes the nodes of the tree. It takes them from the datasets that list nodes, and the others from rows that name
 * them.
 */
export class NodeLoader {
  /** Offices whose time zone the folder does not state. */
  readonly withoutTimeZone = new Set<string>();
  readonly #target: ImportTarget;
  readonly #known = new Set<string>();
  /** Levels and zones whose name and parent came from a dataset that lists the nodes in them. */
  readonly #listed = new Set<string>();
  /** The reason why a node could not be made, by node id. */
  readonly #refused = new Map<string, string>();

  constructor(target: ImportTarget) {
    this.#target = target;
  }

  has(nodeId: string): boolean {
    return this.#known.has(nodeId);
  }

  readonly loadLocations = (rows: SourceRow[]): Promise<Outcome[]> =>
    loadEach(
      rows,
      ({ row, origin }) => ({
        origin,
        locationId: needGuid(row, 'locationId'),
        ...stated({
          locationName: text(row, 'locationName'),
          timeZone: text(row, 'timeZone'),
          address: maybeText(row, 'address'),
          status: text(row, 'status'),
        }),
      }),
      async (items) => {
        await this.#lookUp(items.map(({ locationId }) => locationId));
        const complete = items.map((item) =>
          item.timeZone === undefined && !this.has(item.locationId)
            ? { ...item, timeZone: this.#guessTimeZone(item.locationId) }
            : item,
        );
        const results = await upsertInto(this.#target, complete, upsertLocations);
        return results.map((result, index) => this.#note(items[index]?.locationId, result));
      },
    );

  readonly loadDesks = (rows: SourceRow[]): Promise<Outcome[]> =>
    loadEach(
      rows,
      ({ row, origin }) => ({
        origin,
        path: listedPath(row, 'place', 'desk'),
        ...stated({ status: text(row, 'status') }),
      }),
      async (desks) => {
        await this.#list(desks.map(({ path }) => path));
        const items = desks.map(({ path, ...rest }) => ({ ...rest, ...deskItem(path) }));
        const results = await upsertInto(this.#target, items, upsertDesks);
        return results.map((result, index) => this.#noteListed(desks[index]?.path, 'place', result));
      },
    );

  readonly loadSpaces = (rows: SourceRow[]): Promise<Outcome[]> =>
    loadEach(
      rows,
      ({ row, origin }) => ({
        origin,
        path: listedPath(row, 'space', 'space'),
        ...stated({
          spaceType: maybeText(row, 'spaceType'),
          capacity: number(row, 'capacity') ?? ('capacity' in row ? null : undefined),
          status: text(row, 'status'),
        }),
      }),
      async (spaces) => {
        await this.#list(spaces.map(({ path }) => path));
        const items = spaces.map(({ path, ...rest }) => ({ ...rest, ...spaceItem(path) }));
        const results = await upsertInto(this.#target, items, upsertSpaces);
        return results.map((result, index) => this.#noteListed(spaces[index]?.path, 'space', result));
      },
    );

  /**
   * Makes the nodes that rows name and that do not exist yet. It changes no existing node, even if the row has
   * another name for it.
   */
  async ensure(paths: NodePath[]): Promise<void> {
    const ids = paths.flatMap((path) => FROM_THE_TOP.flatMap((kind) => path[kind].id ?? []));
    await this.#lookUp(ids);
    for (const kind of FROM_THE_TOP) await this.#make(kind, paths, (id) => !this.has(id));
  }

  /** Makes or renames the levels and zones of desks and spaces, as their dataset has them. */
  async #list(paths: NodePath[]): Promise<void> {
    await this.#lookUp(
      paths.flatMap(({ location, level, zone }) => [location, level, zone].flatMap(({ id }) => id ?? [])),
    );
    await this.#make('location', paths, (id) => !this.has(id));
    for (const kind of ['level', 'zone'] as const)
      await this.#make(kind, paths, (id) => !this.#listed.has(id));
    for (const { level, zone } of paths) for (const { id } of [level, zone]) if (id) this.#listed.add(id);
  }

  async #make(kind: NodeKind, paths: NodePath[], isWanted: (id: string) => boolean): Promise<void> {
    const wanted = new Map<string, NodePath>();
    for (const path of paths) {
      const { id } = path[kind];
      if (id !== undefined && isWanted(id) && !this.#refused.has(id)) wanted.set(id, path);
    }
    if (wanted.size === 0) return;
    const results = await this.#upsert(kind, [...wanted.values()]);
    for (const [index, id] of [...wanted.keys()].entries()) {
      const result = results[index];
      if (result) this.#note(id, result);
    }
  }

  #upsert(kind: NodeKind, paths: NodePath[]): Promise<UpsertResult[]> {
    const store = <Item extends UpsertItem>(
      item: (path: NodePath) => Item,
      upsert: Parameters<typeof upsertInto<Item>>[2],
    ) => upsertInto(this.#target, paths.map(item), upsert);
    switch (kind) {
      case 'location':
        return store(
          ({ location }) => ({
            ...ids('location', location),
            timeZone: this.#guessTimeZone(location.id ?? ''),
          }),
          upsertLocations,
        );
      case 'level':
        return store(
          ({ level, location }) => ({
            ...ids('level', this.#called(level, 'level')),
            ...ids('location', location, true),
          }),
          upsertLevels,
        );
      case 'zone':
        return store(
          (path) => ({ ...ids('zone', this.#called(path.zone, 'zone')), ...onLevel(path) }),
          upsertZones,
        );
      case 'place':
        return store(deskItem, upsertDesks);
      case 'space':
        return store(spaceItem, upsertSpaces);
    }
  }

  /** The names of a node. A new node without a name gets a name that contains its id. */
  #called({ id = '', name }: Named, kind: keyof typeof UNNAMED): Named {
    return { id, name: name ?? (this.has(id) ? undefined : `${UNNAMED[kind]} ${id}`) };
  }

  #guessTimeZone(locationId: string): string {
    this.withoutTimeZone.add(locationId);
    return this.#target.timeZone;
  }

  async #lookUp(nodeIds: string[]): Promise<void> {
    const unknown = [...new Set(nodeIds)].filter((id) => !this.#known.has(id) && !this.#refused.has(id));
    if (unknown.length === 0) return;
    const { tenantId, retrying } = this.#target;
    for (const { nodeId } of await retrying((tx) => listNodesById(tx, tenantId, unknown)))
      this.#known.add(nodeId);
  }

  #note(nodeId: string | undefined, result: UpsertResult): Outcome {
    if (nodeId !== undefined) {
      if ('refused' in result) this.#refused.set(nodeId, result.refused);
      else this.#known.add(nodeId);
    }
    return outcomeOf(result);
  }

  /** Notes a result. If an ancestor of the node was refused, the reason is the ancestor's. */
  #noteListed(path: NodePath | undefined, kind: 'place' | 'space', result: UpsertResult): Outcome {
    const outcome = this.#note(path?.[kind].id, result);
    const above = [path?.zone.id, path?.level.id, path?.location.id];
    const reason = above.map((id) => this.#refused.get(id ?? '')).find((each) => each !== undefined);
    return 'refused' in outcome && reason !== undefined ? { refused: reason } : outcome;
  }
}

/**
 * The path of a row in a dataset that lists nodes: it has `deskId` and `deskName` where facts have `placeId` and
 * `placeName`.
 */
function listedPath(row: Row, kind: 'place' | 'space', word: string): NodePath {
  needGuid(row, `${word}Id`);
  return { ...pathOf(row), [kind]: named(row, word) };
}

function deskItem(path: NodePath) {
  const above =
    path.zone.id === undefined ? { zoneName: path.zone.name ?? UNNAMED.zone, ...onLevel(path) } : {};
  return { ...ids('desk', path.place), ...ids('zone', path.zone, true), ...above };
}

function spaceItem(path: NodePath) {
  return { ...ids('space', path.space), ...onLevel(path) };
}

/** The members that name a level: its id where it has one, else its name and office. */
function onLevel({ level, location }: NodePath) {
  if (level.id !== undefined) return { levelId: level.id };
  return { levelName: level.name ?? UNNAMED.level, ...ids('location', location, true) };
}

/** The members that name a node. With `asParent`, the name is included only where there is no id. */
function ids<Word extends string>(word: Word, { id, name }: Named, asParent = false) {
  return stated({ [`${word}Id`]: id, [`${word}Name`]: asParent && id !== undefined ? undefined : name }) as {
    [Member in `${Word}Id` | `${Word}Name`]?: string;
  };
}

type Stated<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The object without its undefined members. */
function stated<T extends object>(members: T): Stated<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Stated<T>;
}
