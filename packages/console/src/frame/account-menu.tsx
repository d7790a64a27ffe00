import { ActionIcon, Button, Menu, Text } from '@mantine/core';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { texts } from '../texts.ts';
import { Icon } from './icon.tsx';
import { type Organisation, type Session, signOut } from './session.ts';

const { shell } = texts;

interface MenuProps {
  session: Session;
  organisation: Organisation | undefined;
}

/** The organisations of the person. Its text is the present one. */
export function OrganisationMenu({ session, organisation }: MenuProps & { organisation: Organisation }) {
  const { organisations } = session;
  if (organisations.length < 2) {
    return (
      <Text size="sm" truncate>
        {organisation.name}
      </Text>
    );
  }
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button variant="default" size="xs" aria-label={shell.organisation(organisation.name)}>
          {organisation.name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {organisations.map(({ organisation: slug, name }) => (
          <Menu.Item
            key={slug}
            component={Link}
            href={`/${slug}`}
            aria-current={slug === organisation.organisation}
            leftSection={<Icon name={slug === organisation.organisation ? 'tick' : 'none'} />}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** The person's own pages, and the way out. */
export function AccountMenu({ session, organisation }: MenuProps) {
  const [, navigate] = useLocation();
  const [isLeaving, setIsLeaving] = useState(false);
  const leave = () => {
    setIsLeaving(true);
    signOut().then(
      () => navigate('/sign-in', { replace: true }),
      () => setIsLeaving(false),
    );
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon size="lg" loading={isLeaving} aria-label={shell.account(session.account.email)}>
          <Icon name="person" />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{session.account.email}</Menu.Label>
        {organisation && (
          <>
            <Menu.Item component={Link} href={`/${organisation.organisation}/account`}>
              {shell.ownAccount}
            </Menu.Item>
            <Menu.Item component={Link} href={`/${organisation.organisation}/sessions`}>
              {shell.sessions}
            </Menu.Item>
          </>
        )}
        <Menu.Item onClick={leave}>{shell.signOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
