import '../charts/style.css';
import { Anchor, Stack } from '@mantine/core';
import { Link } from 'wouter';
import { useParameters } from '../frame/address.ts';
import { Failure } from '../frame/failure.tsx';
import { Notice } from '../frame/notice.tsx';
import { Page } from '../frame/page.tsx';
import { useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import { useToday } from './answers.ts';
import { Arrivals } from './arrivals.tsx';
import { AsOf } from './as-of.tsx';
import { Offices } from './offices.tsx';
import { Totals } from './totals.tsx';

const { today } = texts;

/** Who is where now. The numbers move by themselves. The address names the chosen office. */
export default function TodayPage() {
  const { organisation, role, timeZone } = useOrganisation();
  const [parameters, change] = useParameters();
  const { data, error, refetch } = useToday();
  const chosen = data?.offices.find(({ locationId }) => locationId === parameters.get('office'));
  const offices = chosen ? [chosen] : (data?.offices ?? []);
  return (
    <Page
      title={today.title}
      actions={data && <AsOf asOf={data.asOf} timeZone={timeZone} isLate={error !== null} />}
    >
      <Stack gap="lg">
        {error && <Failure error={error} retry={() => refetch()} />}
        {!data && !error && <Waiting />}
        {data?.offices.length === 0 && (
          <Notice {...today.empty}>
            {role === 'administrator' && (
              <Anchor component={Link} href={`/${organisation}/set-up`} size="sm">
                {texts.setUp.steps.title}
              </Anchor>
            )}
          </Notice>
        )}
        {data && offices.length > 0 && (
          <>
            <Totals offices={offices} />
            <Offices
              offices={data.offices}
              chosen={chosen?.locationId}
              choose={(locationId) => change({ office: locationId })}
            />
            <Arrivals
              title={chosen ? today.arrivalsAt(chosen.locationName) : today.arrivals}
              offices={offices}
            />
          </>
        )}
      </Stack>
    </Page>
  );
}
