import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, until } from './support.ts';

/** Whether Debian's Prometheus is on this machine. */
export const hasPrometheus = (() => {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

export interface Sample {
  metric: Record<string, string>;
  value: [number, string];
}

/** A Prometheus that reads `targets` and judges `rules` each second. */
export class Prometheus {
  readonly #url: string;
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.#url = `http://127.0.0.1:${port}`;
    this.#child = child;
  }

  static async start(
    dir: string,
    { targets, rules }: { targets: string[]; rules: string },
  ): Promise<Prometheus> {
    writeFileSync(join(dir, 'rules.yaml'), rules);
    const config = {
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: ['rules.yaml'],
      scrape_configs: [{ job_name: 'rollcall', static_configs: [{ targets }] }],
    };
    // YAML contains JSON.
    writeFileSync(join(dir, 'prometheus.yml'), JSON.stringify(config));
    const port = await freePort();
    const child = spawn(
      'prometheus',
      [
        `--config.file=${join(dir, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(dir, 'tsdb')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    );
    const started = new Prometheus(port, child);
    await until(() =>
      fetch(`${started.#url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return started;
  }

  /** The result of a query now. Throws if Prometheus cannot evaluate it. */
  async query(query: string): Promise<Sample[]> {
    const reply = await fetch(`${this.#url}/api/v1/query?${new URLSearchParams({ query })}`);
    const { status, error, data } = (await reply.json()) as {
      status: string;
      error?: string;
      data: { result: Sample[] };
    };
    if (status !== 'success') throw new Error(`${query}: ${error}`);
    return data.result;
  }

  /** The names of the alerts that fire now or have fired. */
  async fired(): Promise<string[]> {
    const samples = await this.query('max_over_time(ALERTS{alertstate="firing"}[1h])');
    return [...new Set(samples.map(({ metric }) => metric.alertname ?? ''))];
  }

  /** The alerts of its rules with their expressions. */
  async alerts(): Promise<{ name: string; query: string }[]> {
    const reply = await fetch(`${this.#url}/api/v1/rules`);
    const { data } = (await reply.json()) as {
      data: { groups: { rules: { name: string; query: string }[] }[] };
    };
    return data.groups.flatMap(({ rules }) => rules);
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGTERM');
    await ended;
  }
}
