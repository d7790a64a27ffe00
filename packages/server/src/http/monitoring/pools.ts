import { Gauge, type Registry } from 'prom-client';
import type { PoolState } from '../../store/connections/db.ts';

const POOL = 'db_client_connection_pool_name';
const STATE = 'db_client_connection_state';

/** Shows the connections of pools at each scrape, by the names of OpenTelemetry's conventions. */
export function watchPools(registry: Registry, read: () => PoolState[]): void {
  addGauge(registry, {
    name: 'db_client_connection_max',
    help: 'The most database connections of a pool',
    labelNames: [POOL],
    set: (gauge) => {
      for (const { name, most } of read()) gauge.set({ [POOL]: name }, most);
    },
  });
  addGauge(registry, {
    name: 'db_client_connection_pending_requests',
    help: 'Requests that wait for a database connection of a pool',
    labelNames: [POOL],
    set: (gauge) => {
      for (const { name, waiting } of read()) gauge.set({ [POOL]: name }, waiting);
    },
  });
  addGauge(registry, {
    name: 'db_client_connection_count',
    help: 'Database connections of a pool, in use and idle',
    labelNames: [POOL, STATE],
    set: (gauge) => {
      for (const { name, used, idle } of read()) {
        gauge.set({ [POOL]: name, [STATE]: 'used' }, used);
        gauge.set({ [POOL]: name, [STATE]: 'idle' }, idle);
      }
    },
  });
}

/** Adds a gauge whose values `set` sets at each scrape. */
function addGauge(
  registry: Registry,
  { set, ...config }: { name: string; help: string; labelNames: string[]; set(gauge: Gauge): void },
): void {
  new Gauge({
    ...config,
    registers: [registry],
    collect() {
      set(this);
    },
  });
}
