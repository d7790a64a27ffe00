import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { TOKEN } from './support/sources.ts';

const PACKAGES_DIR = fileURLToPath(new URL('../../', import.meta.url));

/** Former names in the code for things of docs/glossary.md, and their present names. */
const RETIRED: Record<string, string> = {
  Answers: 'PipelineResults',
  Arrival: 'ReceivedEvent',
  Arrivals: 'UserCreation',
  askInPipeline: 'runRequestPipeline',
  AssignedDesk: 'AssignmentRow',
  ATTEMPTS_BY_MEMORY: 'CACHED_ATTEMPTS',
  becomesLive: 'waitUntilCurrent',
  BookingWish: 'RequestedBooking',
  ByteJudge: 'EncodingDetector',
  catchUpStatistics: 'analyzeGrownTables',
  ChangeFeed: 'CredentialChanges',
  classifyPerson: 'classifyNamedUser',
  classifyPlace: 'classifyNode',
  ConflictRefusal: 'ItemConflictError',
  Creation: 'CreateRequest',
  Crew: 'WorkerPool',
  DayWish: 'RequestedDay',
  DeskSighting: 'DeskPresenceEvent',
  digestsOfNew: 'readNewDigests',
  DirectoryMemory: 'DirectoryCache',
  endsWell: 'ignoreInterruptedError',
  enterTenantAt: 'enterTenantIfVersion',
  expectManyRows: 'disableNestedLoops',
  Feed: 'ChangeQuery',
  findPersons: 'resolveUsers',
  followArrivals: 'tailEvents',
  followAttributes: 'deriveGroups',
  FollowedAttributes: 'GroupAttributes',
  Followers: 'UserSelection',
  formatArrival: 'formatReceivedEvent',
  getThing: 'getOfKind',
  givenBack: 'resetsToDefault',
  GoneQueue: 'DeletedRowQueue',
  goneRow: 'deletedRow',
  GoneRow: 'DeletedRow',
  Guest: 'Booker',
  Holder: 'ShareHolder or LockHolder or UniqueNameHolder',
  Holders: 'UniquenessIndex',
  inPipeline: 'runEventPipeline',
  isLive: 'isCurrent',
  isMuddled: 'hasUnknownStatements',
  isSpoken: 'isOperatorError',
  judgeBackup: 'checkBackup',
  judgeQueries: 'validateQueries',
  listArrivals: 'listReceivedEvents',
  listGoneRows: 'listDeletedRows',
  listPlaces: 'listNodeDetails',
  listSeatNodes: 'listCapacityNodes',
  listUnbooked: 'listDeskPresenceToBook',
  listVisits: 'listOfficePlanChanges',
  LiveFeed: 'LiveDay',
  loadPlaces: 'loadNodePaths',
  loadUsualDays: 'loadDefaultDays',
  lockPeople: 'lockUserDays',
  LogLoader: 'ActionLogLoader',
  LookedUp: 'Resolved',
  lookUpCredentials: 'runCredentialPipeline',
  lookUpDirectory: 'resolve',
  Memory: 'OrganisationCache',
  Mentioned: 'Identifiers',
  mentionedBy: 'identifiersOf',
  Merging: 'MergingOptions',
  Moment: 'DatabaseSnapshot',
  moveIn: 'importFolder',
  MoveInCommandOptions: 'ImportExportOptions',
  MoveInOptions: 'FolderImportOptions',
  MoveInReport: 'FolderImportReport',
  NoRow: 'UnreadableRow or UnreadableRowError',
  Occasion: 'EventContext',
  onReject: 'onReportedRow',
  People: 'UserMatcher or UserIndex',
  PersonMembers: 'UserReferenceMembers',
  PersonNaming: 'UserReference',
  Place: 'NodePathRow or NodeReference or BacklogEntry or EntryOrder',
  placeBy: 'sortKeyBy',
  placeFault: 'bookingFault',
  PlaceFilter: 'NodeFilter',
  placeOf: 'pathOf or positionOf',
  placeOfMasterKey: 'masterKeyPath',
  PlaceRow: 'NodeDetails',
  Places: 'NodeLoader',
  prepareForCounting: 'setPlannerForCounts',
  Reach: 'ReachabilityMonitor',
  readFound: 'readResolved',
  Reading: 'ReadRequest or EventReaderOptions',
  readMoment: 'readSnapshot',
  readPlace: 'readPosition',
  readUnbooked: 'readDeskPresenceToBook',
  readWish: 'readRequestedDay',
  RefusalPlace: 'RefusedEventPosition',
  Refusals: 'RefusedEventLog',
  RefusalTurns: 'RefusalScheduler',
  Reject: 'ReportedRow',
  RejectedRows: 'ReportedRowFile or RefusedRowFile',
  releaseNodes: 'rebookNodes',
  releaseUsers: 'freeFutureBookings',
  seating: 'bookings',
  Seating: 'BookingState or CapacityTree',
  SeatingFacts: 'BookingFacts',
  SeatNode: 'CapacityNode',
  settleTimeZones: 'normalizeTimeZones',
  Sighting: 'DeskPresenceEvent',
  Sought: 'Identifiers',
  SPOKEN_ERRORS: 'OPERATOR_ERRORS',
  Statement: 'PreparedStatement or SqlQuery',
  takeTurns: 'yieldBetweenChunks',
  tellingNew: 'returningNewDigests',
  TenantTurns: 'TenantConnectionLimit',
  Thing: 'ListedRow',
  thingRoutes: 'kindRoutes',
  Turns: 'TenantWriteQueue',
  unbookedSightings: 'deskPresenceToBook',
  Undone: 'DryRunRollback',
  unknownThing: 'notFoundProblem',
  UsualDay: 'DefaultDay',
  UsualDays: 'DefaultDays',
  Wanted: 'RequestedUser or PlannedChange',
  WantedGroup: 'GroupInput',
  WantedUser: 'UserInput',
  WeekWish: 'RequestedWeek',
  whileAlone: 'withJobLock',
  whyDirectoryIsOpen: 'directoryPermissionFault',
  whyFileIsOpen: 'filePermissionFault',
  wishesOf: 'dayChangesOf',
  WishMembers: 'RequestedDayMembers',
  Writing: 'WriteRequest',
  Written: 'WriteResult',
};

/** A function, a class, a type, a constant or a variable. */
const DECLARATION = /\b(?:function\*?|class|interface|type|enum|const|let)\s+(\w+)/g;

/** A member of a class, a type or an object. */
const MEMBER = /^\s+(?:(?:readonly|static|async|get|set|declare)\s+)*#?(\w+)\??\s*[:(<=]/gm;

interface Declaration {
  /** Path below packages, with slashes. */
  path: string;
  name: string;
}

const declarations: Declaration[] = readdirSync(PACKAGES_DIR)
  .flatMap((folder) => listSources(join(folder, 'src')))
  .flatMap(readDeclarations);

test('the tests find declarations of every kind', () => {
  const names = new Set(declarations.map(({ name }) => name));
  const known = [
    'createApp',
    'Database',
    'DayChange',
    'NODE_KINDS',
    'inTenant',
    'resetsToDefault',
    'Rollcall',
  ];
  expect(known.filter((name) => !names.has(name))).toEqual([]);
});

test('no retired name is declared again', () => {
  const found = declarations
    .filter(({ name }) => Object.hasOwn(RETIRED, name))
    .map(({ path, name }) => `${path} declares ${name}; its name is ${RETIRED[name]}`);
  expect(found).toEqual([]);
});

/** The TypeScript files of a folder below packages, or none if the folder does not exist. */
function listSources(folder: string): string[] {
  try {
    return readdirSync(join(PACKAGES_DIR, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => join(folder, path).replaceAll('\\', '/'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function readDeclarations(path: string): Declaration[] {
  const code = readFileSync(join(PACKAGES_DIR, path), 'utf8').replace(TOKEN, "''");
  return [DECLARATION, MEMBER].flatMap((pattern) =>
    [...code.matchAll(pattern)].map(([, name = '']) => ({ path, name })),
  );
}
