import { defineCommand } from '../../src/cli/command.ts';
import { completionCommands } from '../../src/cli/completion-commands.ts';
import { outputGlobals } from '../../src/cli/globals.ts';
import type { View } from '../../src/cli/output.ts';
import type { Program } from '../../src/cli/program.ts';
import type { Runtime } from '../../src/cli/runtime.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Failure } from '../../src/core/errors.ts';

interface Pot {
  readonly id: string;
  readonly name: string;
  readonly litres: number;
}

const pots: readonly Pot[] = [
  { id: 'aaaaaaaa0001', name: '温度 plant', litres: 5 },
  { id: 'aaaaaaaa0002', name: 'b', litres: 12 },
];

const view: View<Pot> = {
  name: (pot) => pot.id,
  columns: [
    { key: 'name', header: { en: 'NAME', zh: '名称' }, get: (pot) => pot.name },
    { key: 'litres', header: { en: 'LITRES', zh: '容量' }, get: (pot) => pot.litres, align: 'right' },
    { key: 'id', header: { en: 'ID', zh: 'ID' }, get: (pot) => pot.id, wide: true },
  ],
  details: (pot) => [
    [{ en: 'Name', zh: '名称' }, pot.name],
    [{ en: 'Colour', zh: '颜色' }, undefined],
    [{ en: 'Litres', zh: '容量' }, String(pot.litres)],
  ],
};

const help = { en: 'Some help', zh: '一些说明' };

/** What the last `pot fill` was given. */
export const seen: { input?: unknown; globals?: unknown } = {};

const commands = [
  defineCommand<Runtime>()({
    path: ['pot', 'list'],
    summary: { en: 'List the pots', zh: '列出壶' },
    intent: 'reads',
    run: async ({ out }) => out.list(pots, view),
  }),
  defineCommand<Runtime>()({
    path: ['pot', 'get'],
    summary: { en: 'Show a pot', zh: '查看壶' },
    intent: 'reads',
    args: [{ name: 'pot', help, complete: 'pots' }],
    run: async ({ out }, { args }) => {
      const pot = pots.find((one) => one.id === args.pot || one.name === args.pot);
      if (!pot) throw new Failure('not_found', { kind: 'pot', name: args.pot });
      await out.item(pot, view);
    },
  }),
  defineCommand<Runtime>()({
    path: ['pot', 'fill'],
    summary: { en: 'Fill some pots', zh: '装满若干壶' },
    description: {
      en: 'Water is poured until they are full.\nThey stay where they are.',
      zh: '向壶中注水直到装满。\n壶的位置不变。',
    },
    intent: 'mutates',
    args: [
      { name: 'kind', help },
      { name: 'pots', help, many: true, optional: true },
    ],
    options: {
      litres: { kind: 'integer', min: 1, max: 7, value: 'N', short: 'n', help, fallback: '3' },
      within: { kind: 'duration', help, value: 'TIME', env: 'POT_WITHIN' },
      tea: { kind: 'choice', choices: ['green', 'Black'], help },
      note: { kind: 'text', many: true, help },
      wait: { kind: 'flag', negatable: true, help },
      enableLog: { kind: 'boolean', help, aliases: ['enableLog'] },
      inner: { kind: 'text', help, hidden: true },
    },
    examples: [{ run: 'kettle pot fill green b --litres 5', help: { en: 'Five litres of green tea', zh: '五升绿茶' } }],
    run: async ({ globals }, input) => {
      seen.input = input;
      seen.globals = globals;
    },
  }),
  defineCommand<Runtime>()({
    path: ['boil'],
    summary: { en: 'Boil until told to stop', zh: '一直烧水' },
    intent: 'waits',
    run: async ({ signal, atExit, out }) => {
      atExit(() => out.note('off'));
      await systemClock.sleep(60_000, signal);
    },
  }),
  defineCommand<Runtime>()({
    path: ['break'],
    summary: { en: 'Fail by a fault', zh: '出错' },
    intent: 'local',
    run: async () => {
      throw new TypeError('no handle, password=hunter2222');
    },
  }),
  defineCommand<Runtime>()({
    path: ['call'],
    summary: { en: 'Pass all on', zh: '原样转发' },
    intent: 'mutates',
    passthrough: true,
    args: [{ name: 'rest', help, many: true }],
    run: async ({ out }, { args }) => out.data(args.rest),
  }),
];

/** A small program that uses every part of the skeleton. */
export const kettle: Program<Runtime> = {
  name: 'kettle',
  summary: { en: 'Make tea', zh: '泡茶' },
  globals: outputGlobals,
  commands: [
    ...commands,
    ...completionCommands<Runtime>(
      () => kettle,
      async (_context, name) => (name === 'pots' ? ['b', 'c'] : []),
    ),
  ],
  nouns: { pot: { en: 'Pots and what is in them', zh: '壶及其内容' } },
  groups: [
    { title: { en: 'Tea', zh: '茶' }, names: ['pot', 'boil'] },
    { title: { en: 'Other', zh: '其他' }, names: ['break', 'call', 'completion'] },
  ],
  topics: [
    {
      name: 'leaves',
      summary: { en: 'All about leaves', zh: '茶叶' },
      body: () => ({ en: 'Leaves are green.', zh: '茶叶是绿色的。' }),
    },
  ],
  context: (runtime) => runtime,
};
