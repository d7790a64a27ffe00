import { Anchor, Button, Group, Stack, TextInput } from '@mantine/core';
import { lazy, Suspense, useEffect } from 'react';
import { Link } from 'wouter';
import { useParameters } from '../frame/address.ts';
import { type Day, isDay } from '../frame/days.ts';
import { Failure } from '../frame/failure.tsx';
import { Notice } from '../frame/notice.tsx';
import { Page } from '../frame/page.tsx';
import { seesPeople, useOrganisation } from '../frame/session.ts';
import { Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import {
  type Floor,
  type FloorPlan,
  isUnknown,
  presentDay,
  useFloor,
  useFloorPlan,
  useLevelName,
} from './answers.ts';
import { DayPicker } from './day-picker.tsx';
import { PlanMenu } from './plan-menu.tsx';

const loadLevelView = () => import('./level-view.tsx');
const LevelView = lazy(loadLevelView);
/** The editor shares this module, and chooses no other level. */
const LevelSelect = lazy(() => import('./level-select.tsx'));

const { floor } = texts;

/** The published plan of a level with the states of a day. */
export function FloorView({ levelId }: { levelId: string }) {
  // It is loaded beside the answers, and not after them.
  useEffect(() => void loadLevelView().catch(() => undefined), []);
  const [parameters, change] = useParameters();
  const wanted = parameters.get('day');
  const day = wanted !== null && isDay(wanted) ? wanted : undefined;
  const plan = useFloorPlan(levelId);
  const states = useFloor(levelId, day);
  const level = plan.data?.row;
  const name = useLevelName(levelId, states.data);
  const path = name ? texts.places.path([name.locationName, name.levelName]) : '';
  const failed = [plan, states].find(({ error, data }) => error && !data);
  return (
    <Page
      title={floor.title}
      actions={
        plan.data && (
          <Actions plan={plan.data.row} version={plan.data.version} levelName={name?.levelName ?? ''} />
        )
      }
    >
      <Stack gap="sm">
        <Group gap="md" align="flex-end" className="floor-choices">
          <div className="floor-level">
            <Suspense fallback={<TextInput label={floor.level} value={path} readOnly />}>
              <LevelSelect
                except={levelId}
                shown={path}
                onChoose={(other) => change({ level: other, desk: undefined, search: undefined })}
              />
            </Suspense>
          </div>
          {states.data && (
            <DayPicker
              day={day ?? presentDay(states.data)}
              today={presentDay(states.data)}
              choose={(next) => change({ day: next }, { replace: true })}
            />
          )}
        </Group>
        {failed ? (
          isUnknown(failed.error) ? (
            <UnknownLevel />
          ) : (
            <Failure error={failed.error} retry={() => void failed.refetch()} />
          )
        ) : (
          <Content
            plan={level}
            levelName={name?.levelName}
            floor={states.data}
            isLate={states.error !== null}
            awaited={states.data && states.isPlaceholderData ? (day ?? presentDay(states.data)) : undefined}
          />
        )}
      </Stack>
    </Page>
  );
}

interface ContentProps {
  plan: FloorPlan | undefined;
  /** Undefined until it is loaded. */
  levelName: string | undefined;
  floor: Floor | undefined;
  /** The last question for newer states failed. */
  isLate: boolean;
  /** The chosen day, while the states are of the day that was shown before. */
  awaited: Day | undefined;
}

function Content({ plan, levelName = '', floor: day, isLate, awaited }: ContentProps) {
  const { role } = useOrganisation();
  const withStates = seesPeople(role);
  if (!plan || (withStates && !day)) return <Waiting />;
  return (
    <>
      {!withStates && plan.published && <Notice {...floor.withoutStates} />}
      {!plan.published && <NoPlan plan={plan} />}
      <Suspense fallback={<Waiting />}>
        <LevelView
          key={plan.levelId}
          plan={plan}
          levelName={levelName}
          day={day}
          isLate={isLate}
          awaited={awaited}
        />
      </Suspense>
    </>
  );
}

function UnknownLevel() {
  const { organisation } = useOrganisation();
  return (
    <Notice {...floor.empty.unknownLevel}>
      <Anchor component={Link} href={`/${organisation}/floor`} size="sm">
        {floor.plans.title}
      </Anchor>
    </Notice>
  );
}

function NoPlan({ plan }: { plan: FloorPlan }) {
  const { role } = useOrganisation();
  const [, change] = useParameters();
  const { empty } = floor;
  if (role !== 'administrator') return <Notice {...empty.noPlanForReader} />;
  return (
    <Notice {...(plan.hasDraft ? empty.noPlanButDraft : empty.noPlan)}>
      <Button mt="xs" size="xs" onClick={() => change({ edit: '1' })}>
        {plan.hasDraft ? floor.goOn : floor.draw}
      </Button>
    </Notice>
  );
}

function Actions({ plan, version, levelName }: { plan: FloorPlan; version: string; levelName: string }) {
  const { organisation, role } = useOrganisation();
  const [, change] = useParameters();
  return (
    <Group gap="xs">
      <Anchor component={Link} href={`/${organisation}/floor`} size="sm">
        {floor.plans.title}
      </Anchor>
      {role === 'administrator' && plan.published && (
        <>
          <Button size="xs" variant="default" onClick={() => change({ edit: '1' })}>
            {plan.hasDraft ? floor.goOn : floor.edit}
          </Button>
          <PlanMenu levelId={plan.levelId} levelName={levelName} version={version} />
        </>
      )}
    </Group>
  );
}
