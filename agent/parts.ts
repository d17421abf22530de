import { join } from 'node:path';
import type { Metadata, Report } from '../src/contract/agent.ts';
import type { Clock } from '../src/core/clock.ts';
import type { Home } from './config/home.ts';
import { connectEcp } from './ecp/connect.ts';
import { createReporter, type Reporter } from './ecp/reporter.ts';
import { createEmqxObserver } from './emqx/observer.ts';
import type { EmqxObserver } from './emqx/types.ts';
import { createLogShipper } from './logs/shipper.ts';
import type { LogSettings, LogStatus } from './logs/types.ts';
import type { Logger, Part, PartStatus } from './part.ts';
import type { TunnelSettings, TunnelStatus } from './tunnel/types.ts';

/** The parts of a daemon. */
export interface Parts {
  readonly report: Reporter;
  readonly emqx: EmqxObserver;
  readonly tunnel: Part<TunnelSettings, TunnelStatus>;
  readonly logs: Part<LogSettings, LogStatus>;
}

export interface PartsDeps {
  readonly home: Home;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: (part: string) => Logger;
  readonly report: () => Report;
  readonly received: (metadata: Metadata) => void;
}

/** Makes the parts and joins them: the tunnel reaches EMQX through the observer's gateway and sends its figures. */
export function createParts(deps: PartsDeps): Parts {
  const { home, nodeId, clock, random, logger } = deps;
  const emqx = createEmqxObserver({ clock, logger: logger('emqx'), agentId: nodeId });
  return {
    emqx,
    report: createReporter({ ...deps, log: logger('report'), connect: connectEcp }),
    tunnel: absent('tunnel', { inFlight: 0, served: 0 }),
    logs: createLogShipper({ stateDirectory: join(home.state, 'logs'), logger: logger('logs'), clock, random }),
  };
}

function absent<Settings, More>(name: string, more: More): Part<Settings, PartStatus & More> {
  const since = Date.now();
  return { name, apply: () => {}, stop: async () => {}, status: () => ({ state: 'off', since, ...more }) };
}
