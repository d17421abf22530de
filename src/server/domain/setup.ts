import type { SetupInstructions } from '../../contract/clusters.ts';
import type { Architecture, Platform } from '../../contract/common.ts';
import { architectures, platforms } from '../../contract/common.ts';
import { Failure } from '../../core/errors.ts';

const binary = '/usr/local/bin/emqxee-agent';

/** A file of the agent that can be fetched from this server. */
export interface AgentFile {
  readonly name: string;
  readonly sha256: string;
}

export interface SetupFacts {
  /** Where agents reach this server. */
  readonly url: string;
  readonly registrationToken: string;
  /** The agent's file for an architecture, where this server has one. */
  readonly file: (architecture: Architecture) => AgentFile | undefined;
}

/** What to type where EMQX runs: how to get the agent there, and how to register it. */
export function setupInstructions(platform: string, facts: SetupFacts): SetupInstructions[] {
  const known = platforms.find((candidate) => candidate === (platform || 'linux'));
  if (known === undefined) {
    throw new Failure('invalid_value', {
      name: 'platform',
      reason: `"${platform}" is none of ${platforms.join(', ')}`,
    });
  }
  return architectures.map((architecture) => ({
    architecture,
    installInstructions: install(known, architecture, facts).join('\n'),
    registerInstructions: register(known, facts).join('\n'),
  }));
}

export function agentFileName(architecture: Architecture): string {
  return `emqxee-agent-linux-${architecture}`;
}

/** Where the file comes from: this server, or a place for the reader to fill in. */
function source(architecture: Architecture, { url, file }: SetupFacts): { address: string; check: string[] } {
  const found = file(architecture);
  if (!found) return { address: `https://[${agentFileName(architecture)}]`, check: [] };
  return {
    address: `${url}/api/x/agents/${found.name}`,
    check: [`echo "${found.sha256}  ${binary}" | sha256sum -c -`],
  };
}

function install(platform: Platform, architecture: Architecture, facts: SetupFacts): string[] {
  const { address, check } = source(architecture, facts);
  const sudo = platform === 'linux' ? 'sudo ' : '';
  return [
    `${sudo}curl -L -f --output ${binary} ${address}`,
    ...check,
    `${sudo}chmod +x ${binary}`,
    `${sudo}${binary} start`,
  ];
}

/** EMQX's credentials are asked for, or read from the environment: on the command line every user could read them. */
function register(platform: Platform, { url, registrationToken }: SetupFacts): string[] {
  const sudo = platform === 'linux' ? 'sudo ' : '';
  return [`${sudo}${binary} register --url ${url} --registration-token ${registrationToken}`];
}
