import '../frame/charts/style.css';
import { Anchor, Group, Stack } from '@mantine/core';
import { useWindowEvent } from '@mantine/hooks';
import { Link, useLocation } from 'wouter';
import { useParameters } from '../frame/address.ts';
import { Failure } from '../frame/failure.tsx';
import { Notice } from '../frame/notice.tsx';
import { Page } from '../frame/page.tsx';
import { seesPeople, useOrganisation } from '../frame/session.ts';
import { KIOSK, Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import { useToday } from './answers.ts';
import { Arrivals } from './arrivals.tsx';
import { AsOf } from './as-of.tsx';
import { Latest } from './latest.tsx';
import { Offices } from './offices.tsx';
import { Sources } from './sources.tsx';
import { Totals } from './totals.tsx';

const { today } = texts;
/** In the address, it switches names on, on the screen of a foyer. */
const NAMES = 'names';

/**
 * Who is where now. The numbers move by themselves. The address names the chosen office. On the screen of a foyer the page
 * has no controls; Escape leads back. It names people only there, and only if a role that may see names switches it on.
 */
export default function TodayPage() {
  const { organisation, name, role, timeZone } = useOrganisation();
  const [parameters, change] = useParameters();
  const [path] = useLocation();
  const isKiosk = parameters.has(KIOSK);
  const hasNames = isKiosk && parameters.has(NAMES) && seesPeople(role);
  useWindowEvent(
    'keydown',
    ({ key }) => isKiosk && key === 'Escape' && change({ [KIOSK]: undefined, [NAMES]: undefined }),
  );
  const { data, error, refetch } = useToday();
  const chosen = data?.offices.find(({ locationId }) => locationId === parameters.get('office'));
  const offices = chosen ? [chosen] : (data?.offices ?? []);
  return (
    <Page
      title={isKiosk ? (chosen?.locationName ?? name) : today.title}
      actions={
        <Group gap="md">
          {!isKiosk && (
            <Anchor component={Link} size="sm" href={`${path}?${kiosk(parameters)}`}>
              {today.kiosk}
            </Anchor>
          )}
          {!isKiosk && chosen && seesPeople(role) && (
            <Anchor component={Link} size="sm" href={`${path}?${kiosk(parameters)}&${NAMES}=1`}>
              {today.kioskWithNames}
            </Anchor>
          )}
          {data && <AsOf asOf={data.asOf} timeZone={chosen?.timeZone ?? timeZone} isLate={error !== null} />}
        </Group>
      }
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
            {hasNames && chosen && <Latest locationId={chosen.locationId} />}
            {!(isKiosk && chosen) && (
              <Offices
                offices={data.offices}
                chosen={chosen?.locationId}
                choose={(locationId) => change({ office: locationId })}
              />
            )}
            <Arrivals
              title={chosen ? today.arrivalsAt(chosen.locationName) : today.arrivals}
              offices={offices}
            />
            {!isKiosk && <Sources />}
          </>
        )}
      </Stack>
    </Page>
  );
}

/** The parameters of the same view on the screen of a foyer. */
function kiosk(parameters: URLSearchParams): URLSearchParams {
  return new URLSearchParams([...parameters, [KIOSK, '1']]);
}
