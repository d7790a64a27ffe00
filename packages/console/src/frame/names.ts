/** What the server says about how a person is called. */
interface Named {
  userName: string;
  firstName: string | null;
  lastName: string | null;
}

/** The name of a person, else the user name. */
export function nameOf({ firstName, lastName, userName }: Named): string {
  return [firstName, lastName].filter(Boolean).join(' ') || userName;
}

/** The name of a person and the user name, which tells two people with one name apart. */
export function fullNameOf(person: Named): string {
  return [...new Set([nameOf(person), person.userName])].join(', ');
}
