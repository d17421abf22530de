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
import type { Logger, Part } from './part.ts';
import { createTunnel } from './tunnel/tunnel.ts';
import type { Tunnel } from './tunnel/types.ts';

/** The parts of a daemon. */
export interface Parts {
  readonly report: Reporter;
  readonly emqx: EmqxObserver;
  readonly tunnel: Tunnel;
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
  const tunnel = createTunnel({ gateway: emqx.gateway, clock, logger: logger('tunnel'), random });
  emqx.onLook(() => {
    const figures = emqx.telemetry();
    if (figures) tunnel.offer(figures);
  });
  return {
    emqx,
    report: createReporter({ ...deps, log: logger('report'), connect: connectEcp }),
    tunnel,
    logs: createLogShipper({ stateDirectory: join(home.state, 'logs'), logger: logger('logs'), clock, random }),
  };
}
