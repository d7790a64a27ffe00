import './side.css';
import './style.css';
import { lazy, Suspense } from 'react';
import { useParameters } from '../frame/address.ts';
import { useOrganisation } from '../frame/session.ts';
import { Forbidden, Waiting } from '../frame/shell.tsx';
import { texts } from '../texts.ts';
import { FloorView } from './floor-view.tsx';

const PlanList = lazy(() => import('./plan-list.tsx'));
const Editor = lazy(() => import('./edit/editor-page.tsx'));

const { floor } = texts;

/** The plan of a level, on a day. The address names the level, the day, the open place, and whether one edits the plan. */
export default function FloorPage() {
  const { role } = useOrganisation();
  const [parameters, change] = useParameters();
  const levelId = parameters.get('level');
  if (levelId === null) {
    return (
      <Suspense fallback={<Waiting />}>
        <PlanList />
      </Suspense>
    );
  }
  if (!parameters.has('edit')) return <FloorView key={levelId} levelId={levelId} />;
  if (role !== 'administrator') {
    return <Forbidden title={floor.title} />;
  }
  return (
    <Suspense fallback={<Waiting />}>
      <Editor key={levelId} levelId={levelId} onDone={() => change({ edit: undefined })} />
    </Suspense>
  );
}
