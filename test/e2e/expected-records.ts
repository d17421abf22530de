/** One record as a reader made of strings finds it; nothing here comes from the agent. */
export interface Expected {
  /** Milliseconds. */
  readonly time: number;
  readonly level: string;
}

const head = /^(\S+) \[(\w+)\] /;

/** Time and level of every record in a file that EMQX wrote, in file order; a line without a head belongs to the record before. */
export function expectedRecords(text: string): Expected[] {
  const isJson = text.startsWith('{');
  return text.split('\n').flatMap((line): Expected[] => {
    if (isJson) return line === '' ? [] : [fromJson(JSON.parse(line))];
    const [, time = '', level = ''] = head.exec(line) ?? [];
    return time === '' ? [] : [{ time: milliseconds(time), level }];
  });
}

function fromJson({ time, level }: { time: number | string; level: string }): Expected {
  return { time: typeof time === 'number' ? Math.floor(time / 1000) : Date.parse(time), level };
}

/** RFC 3339, or EMQX's `epoch`: microseconds. */
const milliseconds = (time: string) => (/^\d{16}$/.test(time) ? Math.floor(Number(time) / 1000) : Date.parse(time));
