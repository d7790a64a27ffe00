import { Anchor, Button, PasswordInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { AuthenticationError, ValidationError } from '@rollcall/sdk';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { clientOf } from '../frame/client.ts';
import { Failure } from '../frame/failure.tsx';
import { forgetLinkToken, useLinkToken } from '../frame/link-token.ts';
import { NarrowPage } from '../frame/narrow-page.tsx';
import { Notice } from '../frame/notice.tsx';
import { Page } from '../frame/page.tsx';
import { enterSession, SIGNS_IN } from '../frame/session.ts';
import { texts } from '../texts.ts';

const { setUp } = texts;

type Answers = Omit<Parameters<ReturnType<typeof clientOf>['session']['setUp']>[0], 'token'>;

/** Makes the first organisation and its administrator, by the link that the server prints. */
export default function SetUpPage() {
  const [token] = useLinkToken();
  return (
    <NarrowPage>
      <Page title={setUp.title}>
        {token ? <SetUpForm key={token} token={token} /> : <NoLink {...setUp.noLink} />}
      </Page>
    </NarrowPage>
  );
}

function NoLink(notice: { title: string; advice: string }): ReactNode {
  return (
    <Notice {...notice}>
      <Anchor component={Link} href="/sign-in" size="sm">
        {setUp.signIn}
      </Anchor>
    </Notice>
  );
}

/** Asks the server about the link first, so that nobody fills in the form in vain. */
function SetUpForm({ token }: { token: string }) {
  const [, navigate] = useLocation();
  const { mutate, error, isPending, variables } = useMutation({
    meta: SIGNS_IN,
    mutationFn: (answers: Answers) => clientOf().session.setUp({ token, ...answers }),
    onSuccess: (session) => {
      forgetLinkToken();
      enterSession(session);
      navigate(`/${session.organisations[0]?.organisation}/set-up`, { replace: true });
    },
    onError: (cause) => {
      if (cause instanceof AuthenticationError) forgetLinkToken();
    },
  });
  const asked = useRef(false);
  useEffect(() => {
    if (asked.current) return;
    asked.current = true;
    mutate({});
  }, [mutate]);

  if (error instanceof AuthenticationError) return <NoLink {...setUp.invalid} />;
  const isFirst = variables?.email === undefined;
  if (isFirst && !(error instanceof ValidationError)) {
    return error ? (
      <Failure error={error} retry={() => mutate({})} />
    ) : (
      <Text role="status">{setUp.checking}</Text>
    );
  }
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name) ?? '');
    mutate({
      organisationName: text('organisationName'),
      timeZone: text('timeZone'),
      email: text('email'),
      name: text('name'),
      password: text('password'),
    });
  };
  const faults = isFirst || !(error instanceof ValidationError) ? [] : error.errors;
  const faultOf = (member: string) => faults.find(({ path }) => path === `/${member}`)?.message;
  return (
    <form onSubmit={onSubmit}>
      <Stack>
        <Text size="sm">{setUp.intro}</Text>
        <TextInput
          name="organisationName"
          label={setUp.organisationName}
          error={faultOf('organisationName')}
          autoComplete="organization"
          required
          withAsterisk={false}
          maxLength={200}
        />
        <TimeZoneSelect error={faultOf('timeZone')} />
        <TextInput
          name="email"
          type="email"
          label={setUp.email}
          error={faultOf('email')}
          autoComplete="username"
          required
          withAsterisk={false}
        />
        <TextInput
          name="name"
          label={setUp.name}
          description={setUp.nameHint}
          error={faultOf('name')}
          autoComplete="name"
          maxLength={200}
        />
        <PasswordInput
          name="password"
          label={setUp.password}
          description={setUp.passwordHint}
          error={faultOf('password')}
          autoComplete="new-password"
          required
          withAsterisk={false}
          visibilityToggleButtonProps={{ 'aria-label': texts.signIn.showPassword }}
        />
        {!isFirst && error && faults.length === 0 && <Failure error={error} />}
        <Button type="submit" loading={isPending}>
          {setUp.submit}
        </Button>
      </Stack>
    </form>
  );
}

/** All time zones that the browser knows. Its own one is chosen first. */
function TimeZoneSelect({ error }: { error: string | undefined }) {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const [zones] = useState(() => [...new Set([timeZone, 'UTC', ...Intl.supportedValuesOf('timeZone')])]);
  return (
    <Select
      name="timeZone"
      label={setUp.timeZone}
      description={setUp.timeZoneHint}
      error={error}
      searchable
      allowDeselect={false}
      limit={50}
      nothingFoundMessage={setUp.noZone}
      defaultValue={timeZone}
      data={zones}
    />
  );
}
