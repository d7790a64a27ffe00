import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSbom } from './sbom-parts.mjs';

/**
 * The SBOM (CycloneDX) of a tarball: the packages in its folder `lib`, those whose code the bundle and the pages of the console hold, the
 * libraries of its PostgreSQL, and its Node.js. Call it while the folder has all that npm has put there.
 */
export function sbomOfTarball({ workspace, lib, name, version, nodePackage, nodeVersion }) {
  const own = readSbom(lib);
  const root = own.metadata.component['bom-ref'];
  const sources = [
    own,
    readSbom(workspace, ['--omit=dev']),
    readSbom(workspace, ['--workspace=@rollcall/console']),
  ];
  const components = new Map();
  for (const sbom of sources)
    for (const component of sbom.components) {
      const ref = component['bom-ref'];
      if (components.has(ref) || component.name === nodePackage) continue;
      if (sbom !== own && !isBundled(workspace, component)) continue;
      components.set(ref, component);
    }
  const node = {
    'bom-ref': `node@${nodeVersion}`,
    type: 'application',
    name: 'node',
    version: nodeVersion,
    purl: `pkg:generic/node@${nodeVersion}`,
    properties: [{ name: 'rollcall:file', value: 'bin/node' }],
  };
  components.set(node['bom-ref'], node);
  const ref = `${name}@${version}`;
  return {
    ...own,
    metadata: {
      ...own.metadata,
      component: { 'bom-ref': ref, type: 'application', name, version },
    },
    components: [...components.values()],
    dependencies: dependenciesOf(sources, { root, ref, components, node: node['bom-ref'] }),
  };
}

/** Packages of the workspace itself are the package `rollcall`, and a bundle holds no programs of one platform. */
function isBundled(workspace, { name }) {
  if (name.startsWith('rollcall') || name.startsWith('@rollcall/')) return false;
  try {
    const { os, cpu } = JSON.parse(
      readFileSync(join(workspace, 'node_modules', name, 'package.json'), 'utf8'),
    );
    return os === undefined && cpu === undefined;
  } catch (error) {
    // Below another package, where no program of a platform is.
    if (error.code === 'ENOENT') return true;
    throw error;
  }
}

function dependenciesOf(sources, { root, ref, components, node }) {
  const found = new Map();
  for (const { dependencies } of sources)
    for (const { ref: each, dependsOn } of dependencies) {
      const isListed = components.has(each) || each === root;
      if (!isListed || found.has(each)) continue;
      found.set(each, { ref: each, dependsOn: dependsOn.filter((other) => components.has(other)) });
    }
  const ofRoot = found.get(root)?.dependsOn ?? [];
  found.delete(root);
  return [{ ref, dependsOn: [...ofRoot, node] }, ...found.values(), { ref: node, dependsOn: [] }];
}
