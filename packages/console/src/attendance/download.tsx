import type { Rollcall } from '@rollcall/sdk';
import { DownloadMenu } from '../frame/download-menu.tsx';
import { texts } from '../texts.ts';
import { faultOf, metricsQuery, type Question, usageQuery } from './question.ts';

const { downloads } = texts.attendance;
type Format = keyof typeof downloads;

/** Saves the rows behind the view as a file. */
export function Download({ question }: { question: Question }) {
  const { view, from, to } = question;
  return (
    <DownloadMenu
      choices={downloads}
      disabled={faultOf(question) !== undefined}
      ask={({ analytics }, format, options) => ask(analytics, question, format, options)}
      nameOf={(format) => `${view}-${from}-${to}.${format}`}
    />
  );
}

/** The rows of the view's chart; for desks and zones, those of the desks. */
function ask(
  analytics: Rollcall['analytics'],
  question: Question,
  format: Format,
  options: { timeoutMs: number },
): Promise<Blob> {
  const { view, period } = question;
  if (view === 'usage') {
    return analytics.file('metrics/usage', { ...usageQuery(question), by: 'place' }, format, options);
  }
  const query = metricsQuery(question);
  return view === 'weekdays'
    ? analytics.file('metrics/weekdays', { ...query, period: 'week' }, format, options)
    : analytics.file('metrics', { ...query, period }, format, options);
}
