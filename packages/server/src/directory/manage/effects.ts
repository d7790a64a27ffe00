import { Type } from 'typebox';
import { OrNull } from '../../http/schema.ts';
import { MOST_EFFECT_ROWS } from '../../store/workday/booking-effects.ts';

const Count = (description: string) => Type.Integer({ description });

/** What a change does to bookings. */
export const Effects = Type.Object({
  rebooked: Count('bookings that become bookings of the office'),
  removed: Count('bookings that are removed, with their office plans'),
  made: Count('bookings that are made on days without one'),
  days: Type.Array(
    Type.Object({
      day: Type.String({ description: 'YYYY-MM-DD' }),
      bookings: Count('the number of bookings'),
      toLocationId: OrNull(Type.String(), 'the office where they are then; null if they are removed'),
      toLocationName: OrNull(Type.String(), 'the name of that office'),
    }),
    {
      description: `the rebooked and removed bookings, by day and office; at most ${MOST_EFFECT_ROWS} entries`,
    },
  ),
});
