import { Presets, SingleBar } from 'cli-progress';

/** How far long work has come. */
export interface Progress {
  /** `done` of `total`, in the unit that was named. */
  update(done: number, total: number): void;
  stop(): void;
}

/** A bar on the terminal, or nothing where standard error is none. */
export function showProgress(label: string, unit: string): Progress {
  const bar = new SingleBar(
    {
      format: `${label} {bar} {percentage}% | {value}/{total} ${unit} | {eta_formatted} left`,
      clearOnComplete: true,
      noTTYOutput: false,
    },
    Presets.shades_classic,
  );
  let started = false;
  return {
    update(done, total) {
      if (!started) bar.start(total, done);
      else {
        bar.setTotal(total);
        bar.update(done);
      }
      started = true;
    },
    stop() {
      if (started) bar.stop();
    },
  };
}
