import { HttpProblem } from '../http/errors.ts';
import { textFault } from '../http/text.ts';

const LONGEST_EMAIL = 320;
const LONGEST_NAME = 200;

/** Why a text is no e-mail address of an account, as the rest of a sentence; undefined if it can be one. */
export function emailFault(email: string): string | undefined {
  if (email.length > LONGEST_EMAIL) return `must be at most ${LONGEST_EMAIL} characters`;
  const isAddress = /^[^\s@\p{Cc}]+@[^\s@\p{Cc}]+$/u.test(email) && textFault(email) === undefined;
  return isAddress ? undefined : 'is not an e-mail address';
}

/** Why a trimmed text is no name, as the rest of a sentence; undefined if it is one. */
export function nameFault(trimmed: string, longest = LONGEST_NAME): string | undefined {
  if (trimmed === '' || trimmed.length > longest) return `must have 1 to ${longest} characters`;
  return textFault(trimmed) ?? (/\p{Cc}/u.test(trimmed) ? 'contains a control character' : undefined);
}

/** The name of a person, without blanks around it. Throws a 400. */
export function checkedName(name: string): string {
  const trimmed = name.trim();
  const fault = nameFault(trimmed);
  if (fault === undefined) return trimmed;
  throw new HttpProblem(400, `The name ${fault}.`, { errors: [{ path: '/name', message: fault }] });
}
