import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { chmod, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Failure, usage } from '../../src/core/errors.ts';
import { namedBase, pinnedBase } from './base.ts';
import { billOfMaterials } from './bom.ts';
import { type Bundle, bundleAgent } from './bundle.ts';
import { gzip, sha256 } from './finish.ts';
import { licences, type NodeLicence } from './licences.ts';
import { buildPkg } from './pkg.ts';
import { buildSea } from './sea.ts';
import { type Arch, type Target, targets } from './targets.ts';

const help = `npm run build:agent -- [options]

Makes dist/emqxee-agent-linux-{amd64,arm,arm64}, gzip copies, bills of materials, licences, install.sh and SHA256SUMS.

  --arch ARCH          only this one (amd64, arm, arm64); can be repeated
  --node-amd64 PATH    another Node to build on, instead of the pinned one
  --node-arm PATH
  --node-arm64 PATH
  --builder NAME       sea (Node's own, default) or pkg (@yao-pkg/pkg, static)
  --out DIR            instead of dist
`;

interface Options {
  readonly targets: readonly Target[];
  readonly nodes: Readonly<Record<Arch, string | undefined>>;
  readonly builder: 'sea' | 'pkg';
  readonly out: string;
}

/** Entry of `npm run build:agent`; resolves with the exit code. */
export async function main(root: string, args: string[]): Promise<number> {
  try {
    const options = parse(root, args);
    if (options) await buildAll(root, options);
    else process.stdout.write(help);
    return 0;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    process.stderr.write(`build:agent: ${error.sentence('en')}\n`);
    return error.exit;
  }
}

function parse(root: string, args: string[]): Options | undefined {
  const path = { type: 'string' } as const;
  const options = {
    help: { type: 'boolean', short: 'h' },
    arch: { type: 'string', multiple: true },
    'node-amd64': path,
    'node-arm': path,
    'node-arm64': path,
    builder: { type: 'string', default: 'sea' },
    out: { type: 'string', default: 'dist' },
  } as const;
  try {
    const { values } = parseArgs({ args, options });
    if (values.help) return undefined;
    const known = targets.map((target) => target.arch as string);
    const wrong = values.arch?.find((arch) => !known.includes(arch));
    if (wrong !== undefined) throw new Error(`--arch ${wrong}: one of ${known.join(', ')}`);
    if (values.builder !== 'sea' && values.builder !== 'pkg') throw new Error('--builder: sea or pkg');
    const nodes = { amd64: values['node-amd64'], arm: values['node-arm'], arm64: values['node-arm64'] };
    if (values.builder === 'pkg' && Object.values(nodes).some((node) => node !== undefined)) {
      throw new Error('--node-*: pkg brings its own Node; only for --builder sea');
    }
    return {
      targets: targets.filter((target) => values.arch?.includes(target.arch) ?? true),
      nodes,
      builder: values.builder,
      out: resolve(root, values.out),
    };
  } catch (error) {
    const reason = (error as Error).message;
    throw usage(reason, reason);
  }
}

/** Everything is made in a directory of its own and moved at the end: what lies in `out` is always of one build. */
async function buildAll(root: string, options: Options): Promise<void> {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  mkdirSync(options.out, { recursive: true });
  const workDir = mkdtempSync(join(options.out, '.build-agent-'));
  try {
    const bundle = await bundleAgent(root, version);
    const made = join(workDir, 'made');
    mkdirSync(made);
    await writeFile(join(made, 'emqxee-agent.cjs'), bundle.code);
    const nodes: NodeLicence[] = [];
    const files: string[] = [];
    for (const target of options.targets) {
      const dir = mkdtempSync(join(workDir, `${target.arch}-`));
      const file = join(made, `emqxee-agent-linux-${target.arch}`);
      nodes.push(await buildOne(root, target, options, bundle, version, dir, file));
      files.push(file);
    }
    await Promise.all(files.map(gzip));
    await writeFile(join(made, 'emqxee-agent-linux-licenses.txt'), licences(root, nodes, bundle.packages));
    copyFileSync(join(root, 'scripts/install.sh'), join(made, 'install.sh'));
    await writeFile(join(made, 'SHA256SUMS'), await sums(made));
    publish(made, options.out);
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

async function buildOne(
  root: string,
  target: Target,
  options: Options,
  bundle: Bundle,
  version: string,
  dir: string,
  file: string,
): Promise<NodeLicence> {
  const { built, node } = build(root, target, options, bundle, dir);
  renameSync(built, file);
  await chmod(file, 0o755);
  const subject = { arch: target.arch, version, sha256: await sha256(file), node, packages: bundle.packages };
  await writeFile(`${file}.cdx.json`, billOfMaterials(root, subject));
  const size = (statSync(file).size / 1e6).toFixed(1);
  process.stdout.write(
    `emqxee-agent-linux-${target.arch}: ${size} MB, Node ${node.version}, sha256 ${subject.sha256}\n`,
  );
  return { version: node.version, text: node.licence };
}

function build(root: string, target: Target, options: Options, { code }: Bundle, dir: string) {
  if (options.builder === 'pkg') {
    const { file, nodeVersion } = buildPkg(root, target, code, dir);
    return { built: file, node: { version: nodeVersion, licence: undefined } };
  }
  const path = options.nodes[target.arch];
  const base = path === undefined ? pinnedBase(target, dir) : namedBase(target, path, dir);
  const { file, stripped } = buildSea(target, base, code, dir);
  if (!stripped) {
    process.stdout.write(
      `emqxee-agent-linux-${target.arch}: not stripped, no ${target.triple}-strip here (Debian: apt-get install ${target.binutils})\n`,
    );
  }
  const { version } = base.node;
  return { built: file, node: { ...base, version } };
}

async function sums(dir: string): Promise<string> {
  const names = readdirSync(dir)
    .filter((name) => name !== 'emqxee-agent.cjs')
    .sort();
  const lines = await Promise.all(names.map(async (name) => `${await sha256(join(dir, name))}  ${name}\n`));
  return lines.join('');
}

function publish(made: string, out: string): void {
  for (const name of readdirSync(out)) if (name.startsWith('emqxee-agent-linux-')) rmSync(join(out, name));
  if (existsSync(join(out, 'SHA256SUMS'))) rmSync(join(out, 'SHA256SUMS'));
  for (const name of readdirSync(made)) renameSync(join(made, name), join(out, name));
}
