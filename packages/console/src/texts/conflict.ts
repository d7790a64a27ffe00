/** What a form says if somebody else has stored another value meanwhile. */
export const conflict = {
  advice: 'Nothing of yours was stored, and what you typed is still here.',
  table: 'Values that differ',
  columns: ['Field', 'Before', 'Stored now', 'Yours'],
  keepMine: 'Keep mine over the stored values',
  takeTheirs: 'Take the stored values',
};
