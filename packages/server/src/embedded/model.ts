import type { ServerUser } from './server-user.ts';

/** Places and names outside the data directory; other than the defaults only in tests. */
export interface HostPaths {
  /** Holds what the server's user must reach when we are root. */
  systemDir: string;
  /** Where a socket directory goes when the path beside the cluster is too long. Not os.tmpdir(): TMPDIR differs between the processes of one user. */
  tempDir: string;
  /** Users to run as when we are root, the best first. */
  userNames: readonly [string, ...string[]];
  /** The directory of the PostgreSQL package, when it is not to be looked up. */
  packageRoot?: string;
}

/** Where one data directory's things are. */
export interface Layout {
  dataDir: string;
  /** PostgreSQL's own directory (PGDATA), real path. */
  cluster: string;
  exists: boolean;
  user: ServerUser;
  /** Where an earlier cluster went that was found in this one's place. */
  setAside?: string;
}
