import { type Static, Type } from 'typebox';
import { Maybe, OrNull } from '../http/schema.ts';
import { ID } from './common.ts';

export const MOST_PLACEMENTS = 5_000;
/** Far more than a level is ever published, and an integer of the database. */
const MOST_VERSIONS = 1_000_000_000;

const FRACTION = { minimum: 0, maximum: 1 };
const SIZE = { exclusiveMinimum: 0, maximum: 1 };
/** The ratios of width and height that a plan can have. */
export const LEAST_RATIO = 0.1;
export const MOST_RATIO = 10;
const ASPECT_RATIO = Type.Number({
  minimum: LEAST_RATIO,
  maximum: MOST_RATIO,
  description: 'the width of the plan divided by its height; with an image, that of the image',
});

/** A placement as a caller sends it. */
export const PlacementItem = Type.Object({
  nodeId: Type.String({ description: 'the id of a desk, space or zone of the level' }),
  x: Type.Number({ ...FRACTION, description: 'the centre, as a fraction of the width of the plan' }),
  y: Type.Number({ ...FRACTION, description: 'the centre, as a fraction of the height of the plan' }),
  width: Maybe(Type.Number({ ...SIZE, description: 'of a space or zone; a desk is a point and has none' })),
  height: Maybe(Type.Number({ ...SIZE, description: 'as width' })),
});
export type PlacementItem = Static<typeof PlacementItem>;

/** A whole plan as a caller sends it. */
export const PlanItem = Type.Object({
  imageId: Maybe(Type.String({ description: 'an image that was sent before; null: a blank sheet' })),
  aspectRatio: ASPECT_RATIO,
  placements: Type.Array(PlacementItem, { maxItems: MOST_PLACEMENTS }),
  basedOn: Maybe(
    Type.Integer({
      minimum: 0,
      maximum: MOST_VERSIONS,
      description:
        'the published version that the draft began with; 0, or null: no plan was published. Without it, a new draft ' +
        'gets the present version, and an existing draft keeps its own',
    }),
  ),
  hidden: Maybe(
    Type.Integer({
      minimum: 0,
      description:
        'of the published plan with which a first draft began, as its reader got it. If a hidden node came back since, ' +
        'the server answers 412, so that its place is not lost. An existing draft is not affected',
    }),
  ),
});
export type PlanItem = Static<typeof PlanItem>;

const Plan = {
  imageId: OrNull(Type.String(), 'the image below the places; null: a blank sheet'),
  aspectRatio: ASPECT_RATIO,
  placements: Type.Array(
    Type.Object({
      nodeId: ID,
      kind: Type.String({ enum: ['place', 'space', 'zone'], description: '`place` is a desk' }),
      name: Type.String(),
      zoneId: OrNull(ID, 'the zone of a desk; null for a space'),
      x: Type.Number(),
      y: Type.Number(),
      width: OrNull(Type.Number(), 'null for a desk'),
      height: OrNull(Type.Number(), 'null for a desk'),
    }),
  ),
  hidden: Type.Integer({
    description:
      'placements of nodes that are retired or have left the level; each shows again when its node comes back',
  }),
};

export const PublishedPlan = Type.Object({
  ...Plan,
  version: Type.Integer({ description: 'grows with each publication; no number of a level comes again' }),
  publishedAt: Type.String({ format: 'date-time' }),
  publishedBy: OrNull(Type.String(), 'the key or the account; null for viewers'),
});
export type PublishedPlan = Static<typeof PublishedPlan>;

export const LevelPlan = Type.Object({
  levelId: ID,
  published: OrNull(PublishedPlan, 'null: the level has no published plan'),
  hasDraft: Type.Boolean(),
});
export type LevelPlan = Static<typeof LevelPlan>;

export const Draft = Type.Object({
  levelId: ID,
  basedOn: Type.Integer({
    description: 'the published version that the draft began with; 0: no plan was published',
  }),
  changedAt: Type.String({ format: 'date-time' }),
  changedBy: Type.String({ description: 'the key or the account' }),
  ...Plan,
});
export type Draft = Static<typeof Draft>;

export const PlannedLevelItem = Type.Object({
  levelId: ID,
  levelName: Type.String(),
  locationId: ID,
  locationName: Type.String(),
  publishedAt: OrNull(Type.String({ format: 'date-time' }), 'null: the level has a draft only'),
  hasDraft: Type.Boolean(),
  placed: Type.Integer({ description: 'desks of the level that the published plan shows' }),
  places: Type.Integer({ description: 'desks of the level' }),
});
