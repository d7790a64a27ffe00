import { Text } from '@mantine/core';
import { Link } from 'wouter';
import { nameOf } from '../frame/names.ts';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import type { User } from './answers.ts';

const { people } = texts;
/** In pixels: two lines. */
export const ROW_HEIGHT = 52;

/** A person of a list, who leads to the person's page. */
export function PersonRow({ user }: { user: User }) {
  const { organisation } = useOrganisation();
  const { email, userName, status, deleted, primaryGroupName, primaryLocationName } = user;
  const about = [
    email ?? userName,
    primaryGroupName,
    primaryLocationName,
    deleted ? people.statuses.deleted : people.statuses[status],
  ];
  return (
    <Link href={`/${organisation}/people/${user.userId}`} className="list-row">
      <Text component="span" size="sm" fw={600} {...(status === 'active' ? {} : { c: 'dimmed' })}>
        {nameOf(user)}
      </Text>
      <Text component="span" size="xs" c="dimmed">
        {about.filter(Boolean).join(' · ')}
      </Text>
    </Link>
  );
}
