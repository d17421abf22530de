import { define } from './context.ts';
import { startAgent } from './start.ts';
import { stopRunning } from './stop.ts';

export const restart = define({
  path: ['restart'],
  summary: { en: 'Stop the agent and start it again', zh: '重启代理' },
  intent: 'local',
  async run(context) {
    await stopRunning(context);
    return startAgent(context);
  },
});
