import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { settingsTable } from '../src/config-table.ts';

const FOLDER = fileURLToPath(new URL('../../../containers/', import.meta.url));
const KUBERNETES = `${FOLDER}kubernetes/`;
const CONTAINERFILE = readFileSync(`${FOLDER}Containerfile`, 'utf8');
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

interface Variable {
  name: string;
  value?: string;
  valueFrom?: { secretKeyRef: { name: string; key: string } };
}
interface Container {
  image: string;
  args: string[];
  env: Variable[];
  ports?: { name: string; containerPort: number }[];
  startupProbe?: Probe;
  readinessProbe?: Probe;
  livenessProbe?: Probe;
  securityContext: object;
  volumeMounts: { name: string; mountPath: string }[];
}
interface Probe {
  httpGet: { path: string; port: string };
  periodSeconds: number;
  failureThreshold: number;
}
interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has another one, and the tests read what they need
  spec: any;
  stringData?: Record<string, string>;
}

const manifests = readdirSync(KUBERNETES).map(
  (name) => parse(readFileSync(KUBERNETES + name, 'utf8'), { version: '1.1' }) as Manifest,
);
const manifestOf = (kind: string) =>
  manifests.find((each) => each.kind === kind) ?? expect.fail(`There is no ${kind}.`);
const pod = manifestOf('Deployment').spec.template.spec;
const [server] = pod.containers as [Container];
const [migrate] = pod.initContainers as [Container];
const settingOf = (name: string) => server.env.find((each) => each.name === name)?.value;

/** The names of all environment variables that Rollcall reads. */
const KNOWN = [...settingsTable().matchAll(/^\|[^|]*\| `([A-Z_]+)` \|/gm)].map(([, name = '']) => name);

const compose = parse(readFileSync(`${FOLDER}compose.yaml`, 'utf8'), { merge: true }) as {
  services: Record<string, Record<string, unknown> & { image: string; environment: Record<string, string> }>;
  secrets: Record<string, unknown>;
};
const ofCompose = ['migrate', 'server'].map((name) => compose.services[name] ?? expect.fail(name));

test('each environment variable of the images, of compose.yaml and of the manifests is a setting', () => {
  const ofImage = [...CONTAINERFILE.matchAll(/^(?:ENV| {3}) ([A-Z_]+)=/gm)].map(([, name = '']) => name);
  const names = [
    ...ofImage.filter((name) => name !== 'PATH'),
    ...ofCompose.flatMap(({ environment }) => Object.keys(environment)),
    ...[server, migrate].flatMap(({ env }) => env.map(({ name }) => name)),
  ];
  expect(ofImage).toEqual(expect.arrayContaining(['HOST', 'PORT', 'ROLLCALL_DATA_DIR']));
  expect(names.filter((name) => !KNOWN.includes(name))).toEqual([]);
});

test('the scrape configuration for Kubernetes finds the pods by their label and port, and has the job name of the alerts', () => {
  const text = readFileSync(new URL('../../../docs/monitoring.md', import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, block = '']) => parse(block));
  const configurations = blocks.flatMap((block) => block.scrape_configs);
  for (const { job_name } of configurations) expect(job_name).toBe('rollcall');
  const ofPods = configurations.find((each) => each.kubernetes_sd_configs) ?? expect.fail('There is none.');
  const label = manifestOf('Deployment').spec.template.metadata.labels['app.kubernetes.io/name'];
  const port = server.ports?.find(
    ({ containerPort }) => String(containerPort) === settingOf('ROLLCALL_METRICS_PORT'),
  );
  expect(ofPods.relabel_configs[0]).toEqual({
    source_labels: [
      '__meta_kubernetes_pod_label_app_kubernetes_io_name',
      '__meta_kubernetes_pod_container_port_name',
    ],
    regex: `${label};${port?.name}`,
    action: 'keep',
  });
});

test('they use the image of this version, and a target that the Containerfile has', () => {
  expect(CONTAINERFILE).toContain(`\nARG VERSION=${version}\n`);
  const targets = [...CONTAINERFILE.matchAll(/^FROM .* AS (\S+)$/gm)].map(([, target]) => target);
  expect(targets).toEqual(['unpacked', 'server', 'all-in-one']);
  for (const { image } of [server, migrate, ...ofCompose]) expect(image).toBe(`rollcall:${version}-server`);
  for (const { build } of ofCompose) expect(build).toMatchObject({ target: 'server' });
});

test('the probes ask routes and ports that the server has', () => {
  const openapi = JSON.parse(readFileSync(new URL('../openapi.json', import.meta.url), 'utf8')) as {
    paths: object;
  };
  const ports = new Map(server.ports?.map(({ name, containerPort }) => [name, containerPort]));
  expect(CONTAINERFILE).toContain(`PORT=${ports.get('http')}\n`);
  expect(String(ports.get('metrics'))).toBe(settingOf('ROLLCALL_METRICS_PORT'));
  const { startupProbe, readinessProbe, livenessProbe } = server;
  for (const [probe, path] of [
    [startupProbe, '/healthz'],
    [readinessProbe, '/readyz'],
    [livenessProbe, '/healthz'],
  ] as const) {
    expect(probe?.httpGet).toEqual({ path, port: 'http' });
    expect(openapi.paths).toHaveProperty([path]);
  }
  expect(manifestOf('Service').spec.ports).toMatchObject([{ targetPort: 'http' }]);
});

test('a server of the manifests has the time that it needs to stop, and notices a probe before', () => {
  const drainS = Number(settingOf('ROLLCALL_DRAIN_S'));
  const shutdownS = Number(settingOf('ROLLCALL_SHUTDOWN_TIMEOUT_S'));
  expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(drainS + shutdownS + 10);
  const { periodSeconds, failureThreshold } = server.readinessProbe ?? expect.fail();
  expect(drainS).toBeGreaterThan(2 * periodSeconds * failureThreshold);
  const [, ofServer] = ofCompose;
  const graceS = Number.parseInt(String(ofServer?.stop_grace_period), 10);
  expect(graceS).toBeGreaterThanOrEqual(Number(ofServer?.environment.ROLLCALL_SHUTDOWN_TIMEOUT_S) + 10);
});

test('two servers run after a migration, and one stays during an eviction', () => {
  const { spec } = manifestOf('Deployment');
  expect(spec.replicas).toBe(2);
  expect(spec.strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
  expect([migrate.args, server.args]).toEqual([['migrate'], ['serve']]);
  expect(manifestOf('PodDisruptionBudget').spec.minAvailable).toBe(1);
  const labels = spec.template.metadata.labels;
  expect(spec.selector.matchLabels).toEqual(labels);
  expect(manifestOf('Service').spec.selector).toEqual(labels);
  expect(manifestOf('PodDisruptionBudget').spec.selector.matchLabels).toEqual(labels);
  expect(manifestOf('NetworkPolicy').spec.podSelector.matchLabels).toEqual(labels);
});

test('containers are closed as the restricted profile of Kubernetes asks, and run as the user of the image', () => {
  expect(pod.securityContext).toMatchObject({
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  });
  expect(CONTAINERFILE).toContain(`useradd --uid ${pod.securityContext.runAsUser} `);
  expect(CONTAINERFILE.trimEnd().split('\n').at(-1)).toBe(
    `USER ${pod.securityContext.runAsUser}:${pod.securityContext.runAsGroup}`,
  );
  for (const { securityContext } of [server, migrate])
    expect(securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  for (const service of ofCompose) expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
});

test('each value of a secret is in the example, and the master key is a file that is mounted', () => {
  const secret = manifestOf('Secret');
  const keys = [server, migrate].flatMap(({ env }) =>
    env.flatMap(({ valueFrom }) => (valueFrom ? [valueFrom.secretKeyRef] : [])),
  );
  expect(keys.length).toBeGreaterThan(0);
  for (const { name, key } of keys) {
    expect(name).toBe(secret.metadata.name);
    expect(secret.stringData).toHaveProperty([key]);
  }
  const [volume] = pod.volumes;
  expect(secret.stringData).toHaveProperty([volume.secret.items[0].key]);
  const mount = server.volumeMounts.find(({ name }) => name === volume.name);
  expect(settingOf('ROLLCALL_MASTER_KEY_FILE')).toBe(`${mount?.mountPath}/${volume.secret.items[0].path}`);
  // The server refuses a key file that others may read.
  expect(volume.secret.defaultMode & 0o007).toBe(0);
  for (const { environment } of ofCompose)
    expect(Object.keys(compose.secrets).map((name) => `/run/secrets/${name}`)).toContain(
      environment.ROLLCALL_MASTER_KEY_FILE,
    );
});
