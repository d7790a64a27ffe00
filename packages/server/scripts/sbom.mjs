/*
 * Prints an SBOM (CycloneDX) of the workspace: what `npm sbom` lists, and the libraries inside the package of the embedded PostgreSQL
 * for this platform. Each tarball has an SBOM of its own (`tarball.mjs`).
 */
import { fileURLToPath } from 'node:url';
import { readSbom } from './sbom-parts.mjs';

const sbom = readSbom(fileURLToPath(new URL('../../..', import.meta.url)));
process.stdout.write(`${JSON.stringify(sbom, null, 2)}\n`);
