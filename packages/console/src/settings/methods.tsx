import { Badge, Stack, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { Failure } from '../frame/failure.tsx';
import { Waiting } from '../frame/shell.tsx';
import { signInMethods } from '../frame/sign-in-methods.ts';
import { texts } from '../texts.ts';

const { methods } = texts.settings;

/** How people sign in to this server. Its operator sets it. */
export function Methods() {
  const { data, error, refetch } = useQuery(signInMethods);
  if (error) return <Failure error={error} retry={() => void refetch()} />;
  if (!data) return <Waiting />;
  const { openid, passkey } = data;
  return (
    <Stack maw={640}>
      <Text size="sm">{methods.intro}</Text>
      <Method title={methods.password} isOn>
        {methods.passwordNote}
      </Method>
      <Method title={methods.passkey} isOn>
        {methods.passkeyNote(passkey.relyingParty)}
      </Method>
      <Method title={methods.openid} isOn={openid !== null}>
        {openid
          ? [
              methods.openidNote(openid.name, openid.issuer),
              openid.rolesFromClaim ? methods.rolesFromClaim : methods.invitedOnly,
              ...(openid.linksVerifiedEmail ? [methods.linksVerifiedEmail] : []),
            ].join(' ')
          : methods.openidOff}
      </Method>
    </Stack>
  );
}

function Method({ title, isOn, children }: { title: string; isOn: boolean; children: ReactNode }) {
  return (
    <div>
      <Title order={2}>
        {title} <Badge variant="outline">{isOn ? methods.on : methods.off}</Badge>
      </Title>
      <Text size="sm">{children}</Text>
    </div>
  );
}
