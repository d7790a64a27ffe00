import '../frame/charts/style.css';
import { SegmentedControl, Stack } from '@mantine/core';
import { useEffect } from 'react';
import { useParameters } from '../frame/address.ts';
import { todayIn } from '../frame/days.ts';
import { Page } from '../frame/page.tsx';
import { useOrganisation } from '../frame/session.ts';
import { texts } from '../texts.ts';
import { Comparison } from './comparison.tsx';
import { Download } from './download.tsx';
import { Filters } from './filters.tsx';
import { Overview } from './overview.tsx';
import { faultOf, questionOf, VIEWS } from './question.ts';
import { Usage } from './usage.tsx';
import { Weekdays } from './weekdays.tsx';

const { attendance } = texts;
const CONTENT = { overview: Overview, weekdays: Weekdays, comparison: Comparison, usage: Usage };

/** Attendance over days, weeks or months. Its address holds every choice. */
export default function AttendancePage() {
  const { timeZone } = useOrganisation();
  const [parameters, change] = useParameters();
  const question = questionOf(parameters, todayIn(timeZone));
  const { from, to, view } = question;
  const isDated = parameters.has('from') && parameters.has('to');
  useEffect(() => {
    // With its days, the address opens the same view tomorrow.
    if (!isDated) change({ from, to }, { replace: true });
  }, [isDated, from, to, change]);
  const Content = CONTENT[view];
  return (
    <Page title={attendance.title} actions={<Download question={question} />}>
      <Stack gap="lg">
        <Filters question={question} change={change} />
        <SegmentedControl
          aria-label={attendance.views.label}
          value={view}
          onChange={(value) => change({ view: value })}
          data={VIEWS.map((value) => ({ value, label: attendance.views[value] }))}
          className="views"
        />
        {isDated && !faultOf(question) && <Content question={question} />}
      </Stack>
    </Page>
  );
}
