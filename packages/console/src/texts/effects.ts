/** The texts of what a change does to bookings. */
export const effects = {
  none: 'No booking changes.',
  rebooked: (bookings: string, isOne: boolean) =>
    isOne
      ? '1 booking becomes a booking of the office.'
      : `${bookings} bookings become bookings of the office.`,
  removed: (bookings: string, isOne: boolean) =>
    isOne
      ? '1 booking is removed, with its plan.'
      : `${bookings} bookings are removed, with the plans of those days.`,
  made: (bookings: string, isOne: boolean) =>
    isOne ? '1 booking is made.' : `${bookings} bookings are made.`,
  table: 'Bookings that change, by day',
  columns: ['Day', 'Bookings', 'Become'],
  office: (name: string) => `a booking of ${name}`,
  gone: 'removed',
};
