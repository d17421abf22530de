import { readFileSync } from 'node:fs';
import type { Bundled } from './bundle.ts';
import type { Arch } from './targets.ts';

export interface Subject {
  readonly arch: Arch;
  readonly version: string;
  readonly sha256: string;
  readonly node: { readonly version: string; readonly purl?: string; readonly hash?: Hash };
  readonly packages: readonly Bundled[];
}

interface Hash {
  readonly alg: string;
  readonly content: string;
}

/**
 * CycloneDX 1.5 JSON of one file: the agent, the Node inside, every npm package of the bundle. Normalised: no time, no
 * serial number, sorted, so that the same input gives the same text.
 */
export function billOfMaterials(root: string, subject: Subject): string {
  const { packages: lock } = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8'));
  const { node } = subject;
  const components = [
    {
      type: 'platform',
      name: 'node',
      version: node.version,
      ...(node.purl && { 'bom-ref': node.purl, purl: node.purl }),
      cpe: `cpe:2.3:a:nodejs:node.js:${node.version}:*:*:*:*:*:*:*`,
      licenses: [{ license: { id: 'MIT' } }],
      ...(node.hash && { hashes: [node.hash] }),
    },
    ...subject.packages.map((each) => ({
      type: 'library',
      'bom-ref': purl(each),
      name: each.name,
      version: each.version,
      purl: purl(each),
      ...(each.license && { licenses: [licence(each.license)] }),
      ...hashes(lock[each.lockKey]?.integrity),
    })),
  ];
  const bom = {
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': `emqxee-agent-linux-${subject.arch}`,
        name: `emqxee-agent-linux-${subject.arch}`,
        version: subject.version,
        licenses: [{ license: { id: 'Apache-2.0' } }],
        hashes: [{ alg: 'SHA-256', content: subject.sha256 }],
      },
    },
    components,
  };
  return `${JSON.stringify(bom, null, 2)}\n`;
}

function purl({ name, version }: Bundled): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function licence(spdx: string) {
  return /\s/.test(spdx) ? { expression: spdx } : { license: { id: spdx } };
}

function hashes(integrity: unknown): { hashes?: Hash[] } {
  if (typeof integrity !== 'string' || !integrity.startsWith('sha512-')) return {};
  return { hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.slice(7), 'base64').toString('hex') }] };
}
