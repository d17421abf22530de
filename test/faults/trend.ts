/** A process at one moment of a run. */
export interface Sample {
  /** Seconds since the run began. */
  readonly at: number;
  /** Bytes. */
  readonly rss: number;
  readonly fds: number;
}

/**
 * By how much a figure grew from the first sample to the last: along the line that fits all of them best, so that a
 * collection of garbage or one busy moment decides nothing. 0 for fewer than two samples.
 */
export function growth(samples: readonly Sample[], figure: 'rss' | 'fds'): number {
  const first = samples[0];
  const last = samples.at(-1);
  if (!first || !last || first === last) return 0;
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const meanAt = mean(samples.map(({ at }) => at));
  const meanValue = mean(samples.map((sample) => sample[figure]));
  let across = 0;
  let along = 0;
  for (const sample of samples) {
    across += (sample.at - meanAt) * (sample[figure] - meanValue);
    along += (sample.at - meanAt) ** 2;
  }
  return (across / along) * (last.at - first.at);
}
