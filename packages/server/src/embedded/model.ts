import type { ServerUser } from './server-user.ts';

/** Paths and names outside the data directory. Only tests change the defaults. */
export interface HostPaths {
  /** The directory for files that the server's user must reach when we are root. */
  systemDir: string;
  /**
   * The parent of the socket directory when the path beside the cluster is too long. It is not os.tmpdir(), because
   * TMPDIR differs between the processes of one user.
   */
  tempDir: string;
  /** Users to run the server as when we are root, the best first. */
  userNames: readonly [string, ...string[]];
  /** The directory of the PostgreSQL package. Without it, the code looks for the installed package. */
  packageRoot?: string;
}

/** The paths of one data directory, and the user of its server. */
export interface Layout {
  dataDir: string;
  /** PostgreSQL's own directory (PGDATA), as a real path. */
  cluster: string;
  exists: boolean;
  user: ServerUser;
  /** The new path of an earlier cluster that was found at this one's path. */
  setAside?: string;
}
