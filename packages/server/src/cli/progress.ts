import { Format, Presets, SingleBar } from 'cli-progress';

/** The progress of long work. */
export interface Progress {
  /** Shows `done` of `total`, in the unit of `showProgress`. If the total is undefined, it shows only `done`. */
  update(done: number, total: number | undefined): void;
  stop(): void;
}

/** A progress bar if standard error is a terminal, otherwise nothing. */
export function showProgress(label: string, unit: string): Progress {
  const bar = new SingleBar(
    {
      format: (options, params, payload: { isEndKnown?: boolean }) =>
        Format.Formatter(
          {
            ...options,
            format: payload.isEndKnown
              ? `${label} {bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`
              : `${label} | {value} ${unit} | {duration_formatted}`,
          },
          params,
          payload,
        ),
      clearOnComplete: true,
      noTTYOutput: false,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    update(done, total) {
      const isEndKnown = total !== undefined;
      const end = total ?? Number.MAX_SAFE_INTEGER;
      if (!started) bar.start(end, done, { isEndKnown });
      else {
        bar.setTotal(end);
        bar.update(done, { isEndKnown });
      }
      started = true;
    },
    stop() {
      if (started) bar.stop();
    },
  };
}
