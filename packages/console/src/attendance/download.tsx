import type { Rollcall } from '@rollcall/sdk';
import { DownloadMenu } from '../frame/download-menu.tsx';
import { texts } from '../texts.ts';
import { faultOf, metricsQuery, type Question, usageQuery } from './question.ts';

const { downloads, usageDownloads } = texts.attendance;
type Format = keyof typeof downloads;

/** What each choice of the view of desks and zones saves. */
const USAGE_FILES: Readonly<Record<keyof typeof usageDownloads, { by: 'place' | 'zone'; format: Format }>> = {
  'desks.csv': { by: 'place', format: 'csv' },
  'desks.parquet': { by: 'place', format: 'parquet' },
  'zones.csv': { by: 'zone', format: 'csv' },
  'zones.parquet': { by: 'zone', format: 'parquet' },
};

/** Saves the rows behind the view as a file. */
export function Download({ question }: { question: Question }) {
  const { view, from, to } = question;
  const disabled = faultOf(question) !== undefined;
  if (view === 'usage') {
    return (
      <DownloadMenu
        choices={usageDownloads}
        disabled={disabled}
        ask={({ analytics }, choice, options) => {
          const { by, format } = USAGE_FILES[choice];
          return analytics.file('metrics/usage', { ...usageQuery(question), by }, format, options);
        }}
        nameOf={(choice) => `${view}-${from}-${to}-${choice}`}
      />
    );
  }
  return (
    <DownloadMenu
      choices={downloads}
      disabled={disabled}
      ask={({ analytics }, format, options) => ask(analytics, question, format, options)}
      nameOf={(format) => `${view}-${from}-${to}.${format}`}
    />
  );
}

/** The rows of the view's chart. */
function ask(
  analytics: Rollcall['analytics'],
  question: Question,
  format: Format,
  options: { timeoutMs: number },
): Promise<Blob> {
  const { view, period } = question;
  const query = metricsQuery(question);
  if (view === 'comparison')
    return analytics.file('metrics', { ...query, by: question.by, period: 'range' }, format, options);
  return view === 'weekdays'
    ? analytics.file('metrics/weekdays', { ...query, period: 'week' }, format, options)
    : analytics.file('metrics', { ...query, period }, format, options);
}
