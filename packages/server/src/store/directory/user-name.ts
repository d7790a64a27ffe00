/** SQL of a person's name: that of the user, else the userName. A pseudonym has none. */
export function nameOfUser(alias: string): string {
  return `coalesce(nullif(concat_ws(' ', ${alias}.first_name, ${alias}.last_name), ''), ${alias}.user_name, 'pseudonym')`;
}
