/** Entry of `emqxee-agent`: resolves with the exit code, never ends the process itself. */
export async function main(_process: NodeJS.Process): Promise<number> {
  return 0;
}
