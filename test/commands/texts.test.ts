import { expect, it } from 'vitest';
import { program as agent } from '../../agent/commands/index.ts';
import { program } from '../../src/commands/index.ts';
import { faultyTexts } from '../support/texts.ts';

it('says everything in both languages', () => {
  expect(faultyTexts(program)).toEqual([]);
  expect(faultyTexts(agent)).toEqual([]);
});

it('finds texts that are missing, untranslated or different in their places', () => {
  const help = { en: 'See {name} for more', zh: 'see the name for more' };
  const faults = faultyTexts({ ...program, commands: [], nouns: { a: help, b: { en: '', zh: '空' } } });
  expect(faults).toEqual(['a: the Chinese text is not Chinese', 'a: the places differ', 'b: one language is empty']);
});
