export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Reads Prometheus' text format 0.0.4 as its description has it, and the naming rules of `promtool check metrics`. Throws
 * with the line at the first thing that is not as it must be.
 */
export function readExposition(text: string): Sample[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const samples: Sample[] = [];
  const helps = new Set<string>();
  const types = new Map<string, string>();
  const seen = new Set<string>();
  /** Metrics in the order of their first line: all lines of one stand together. */
  const groups: string[] = [];
  for (const line of text.slice(0, -1).split('\n')) {
    const bad = (why: string) => new Error(`${why}: ${line}`);
    const enter = (name: string) => {
      if (groups.at(-1) === name) return;
      if (groups.includes(name)) throw bad('not in one group');
      groups.push(name);
    };
    const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (word !== undefined) {
      if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw bad('no name of a metric');
      enter(name);
      if (word === 'HELP' ? helps.has(name) : types.has(name)) throw bad('a second time');
      if (samples.some((sample) => sample.name === name)) throw bad('after its samples');
      if (word === 'HELP') {
        if (rest.trim() === '' || /\\(?![\\n])/.test(rest)) throw bad('no help');
        helps.add(name);
      } else {
        if (!/^(counter|gauge|untyped)$/.test(rest)) throw bad('no type that is used here');
        if ((rest === 'counter') !== name.endsWith('_total')) throw bad('counters end with _total, and they alone');
        types.set(name, rest);
      }
      continue;
    }
    const sample = readSample(line);
    if (!sample) throw bad('no sample');
    enter(sample.name);
    if (!helps.has(sample.name) || !types.has(sample.name)) throw bad('no HELP and TYPE before it');
    const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
    if (seen.has(key)) throw bad('the same labels a second time');
    if (types.get(sample.name) === 'counter' && !(sample.value >= 0)) throw bad('a counter below 0');
    seen.add(key);
    samples.push(sample);
  }
  for (const name of groups) if (!samples.some((sample) => sample.name === name)) throw new Error(`empty: ${name}`);
  return samples;
}

const value = '[+-]?(?:\\d+(?:\\.\\d*)?(?:[eE][+-]?\\d+)?|Inf)|NaN';
const sampleLine = new RegExp(`^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)\\})? (${value})$`);

function readSample(line: string): Sample | undefined {
  const [, name, pairs = '', text = ''] = sampleLine.exec(line) ?? [];
  if (name === undefined) return undefined;
  const labels: Record<string, string> = {};
  let rest = pairs;
  while (rest !== '') {
    const [pair, label = '', escaped = ''] =
      /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/.exec(rest) ?? [];
    if (pair === undefined || label.startsWith('__') || label in labels) return undefined;
    labels[label] = escaped.replace(/\\(.)/g, (_, sign: string) => (sign === 'n' ? '\n' : sign));
    rest = rest.slice(pair.length);
  }
  return { name, labels, value: Number(text.replace('Inf', 'Infinity')) };
}
