import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { AgentProcess } from '../../faults/agent-process.ts';
import { formatLine } from '../../stand-ins/emqx/writer-lines.ts';
import { Sink } from '../../stand-ins/sink/sink.ts';
import { until } from './rig.ts';

/** A real agent over a log directory of its own, and numbered lines to put there. */
export class ProcessRig {
  readonly root = mkdtempSync(join(tmpdir(), 'rotation-'));
  readonly directory: string;
  readonly sink: Sink;
  /** Number of the next line. */
  seq = 0;
  readonly agent: AgentProcess;

  private constructor(sink: Sink, directory: string, launcher: readonly string[] | undefined) {
    this.sink = sink;
    this.directory = join(this.root, directory);
    this.agent = new AgentProcess({
      root: this.root,
      directory: this.directory,
      sink: { urls: [sink.url] },
      launcher,
    });
  }

  static async make(directory = 'log', launcher?: readonly string[]): Promise<ProcessRig> {
    const rig = new ProcessRig(await new Sink({ keep: true }).start(), directory, launcher);
    if (directory === 'log') mkdirSync(rig.directory);
    return rig;
  }

  path(name = 'emqx.log'): string {
    return join(this.directory, name);
  }

  lines(count: number): string {
    let text = '';
    for (let i = 0; i < count; i++) text += formatLine('v5-text', this.seq++);
    return text;
  }

  append(count: number, path = this.path()): void {
    appendFileSync(path, this.lines(count));
  }

  /** Waits until all lines so far are in the index, then makes sure that each is there once and in file order. */
  async settled(lost = 0): Promise<void> {
    const { oracle } = this.sink;
    const arrived = () => oracle.verdict(this.seq).unique;
    await until(
      () => arrived() >= this.seq - lost,
      () => `${arrived()} of ${this.seq}; ${JSON.stringify(this.agent.status)}`,
    );
    expect(oracle.verdict(this.seq)).toMatchObject({ unique: this.seq - lost, doubled: 0 });
    // Two bodies may overtake each other on the way; the sequence says what the file said.
    const numbers = this.sink.kept
      .toSorted((a, b) => Number(a.document['event.sequence']) - Number(b.document['event.sequence']))
      .flatMap(({ document }) => /seq: (\d{10})/.exec(String(document.message))?.[1] ?? []);
    expect(numbers).toEqual(numbers.toSorted());
  }

  async end(): Promise<void> {
    await this.agent.remove();
    await this.sink.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}
