import type { SetupInstructions } from '../../contract/clusters.ts';
import type { Architecture } from '../../contract/common.ts';
import { architectures, platforms } from '../../contract/common.ts';
import { Failure } from '../../core/errors.ts';

/** A file of the agent that can be fetched from this server. */
export interface AgentFile {
  readonly name: string;
  readonly sha256: string;
}

export interface SetupFacts {
  readonly clusterId: string;
  /** Where agents reach this server. */
  readonly url: string;
  readonly registrationToken: string;
  /** The agent's file for an architecture, where this server has one. */
  readonly file: (architecture: Architecture) => AgentFile | undefined;
}

/** What to type where EMQX runs: how to get the agent there, and how to register it. Every line can be run as it stands. */
export function setupInstructions(platform: string, facts: SetupFacts): SetupInstructions[] {
  const known = platforms.find((candidate) => candidate === (platform || 'linux'));
  if (known === undefined) {
    throw new Failure('invalid_value', {
      name: 'platform',
      reason: `"${platform}" is none of ${platforms.join(', ')}`,
    });
  }
  const { install, register } = known === 'linux' ? onLinux : onKubernetes;
  return architectures.map((architecture) => ({
    architecture,
    installInstructions: install(architecture, facts).join('\n'),
    registerInstructions: register(facts).join('\n'),
  }));
}

export function agentFileName(architecture: Architecture): string {
  return `emqxee-agent-linux-${architecture}`;
}

interface Way {
  install(architecture: Architecture, facts: SetupFacts): string[];
  register(facts: SetupFacts): string[];
}

const binary = '/usr/local/bin/emqxee-agent';
const tokenFile = '/opt/emqxee-agent/etc/registration-token';

/**
 * The lines of the product's guide (ecp.md section 4), but for the token: it goes through a file, because what stands on
 * a command line every user of the machine can read. EMQX's own credentials are asked for.
 */
const onLinux: Way = {
  install: (architecture, facts) => [
    `sudo curl -L -f --output ${binary} ${source(architecture, facts)}`,
    ...checkOf(architecture, facts, binary),
    `sudo chmod +x ${binary}`,
    `sudo ${binary} start`,
  ],
  register: ({ url, registrationToken }) => [
    `printf '%s' ${registrationToken} | sudo sh -c 'umask 077; mkdir -p ${tokenFile.slice(0, tokenFile.lastIndexOf('/'))}; cat > ${tokenFile}'`,
    `sudo ${binary} register --url ${url} --registration-token-file ${tokenFile}`,
  ],
};

/** A deployment of its own beside EMQX, with a volume that keeps the registration over a restart. */
const onKubernetes: Way = {
  install: (architecture, facts) => {
    const name = podName(facts);
    const fetch = [
      `curl -L -f -o /agent/emqxee-agent.new ${source(architecture, facts)}`,
      ...checkOf(architecture, facts, '/agent/emqxee-agent.new'),
      'chmod +x /agent/emqxee-agent.new',
      'mv /agent/emqxee-agent.new /agent/emqxee-agent',
      'exec /agent/emqxee-agent run --home /agent',
    ].join(' && ');
    return [
      `kubectl apply -f - <<'END'`,
      'apiVersion: v1',
      'kind: PersistentVolumeClaim',
      `metadata: {name: ${name}}`,
      'spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}',
      '---',
      'apiVersion: apps/v1',
      'kind: Deployment',
      `metadata: {name: ${name}}`,
      'spec:',
      '  replicas: 1',
      '  strategy: {type: Recreate}',
      `  selector: {matchLabels: {app: ${name}}}`,
      '  template:',
      `    metadata: {labels: {app: ${name}}}`,
      '    spec:',
      `      nodeSelector: {kubernetes.io/arch: ${architecture}}`,
      '      containers:',
      '        - name: agent',
      '          image: buildpack-deps:bookworm-curl',
      `          command: [sh, -c, ${JSON.stringify(fetch)}]`,
      '          volumeMounts: [{name: home, mountPath: /agent}]',
      '      volumes:',
      `        - {name: home, persistentVolumeClaim: {claimName: ${name}}}`,
      'END',
      `kubectl rollout status deployment/${name}`,
    ];
  },
  register: (facts) => [
    `printf '%s' ${facts.registrationToken} | kubectl exec -i deployment/${podName(facts)} -- /agent/emqxee-agent register --home /agent --url ${facts.url} --registration-token-file - --emqx-dashboard-url http://emqx-dashboard:18083`,
  ],
};

function podName({ clusterId }: SetupFacts): string {
  return `emqxee-agent-${clusterId}`;
}

/** Where the file comes from: this server, or a place for the reader to fill in. */
function source(architecture: Architecture, { url, file }: SetupFacts): string {
  const found = file(architecture);
  return found ? `${url}/api/x/agents/${found.name}` : `https://[${agentFileName(architecture)}]`;
}

function checkOf(architecture: Architecture, { file }: SetupFacts, path: string): string[] {
  const found = file(architecture);
  return found ? [`echo '${found.sha256}  ${path}' | sha256sum -c -`] : [];
}
