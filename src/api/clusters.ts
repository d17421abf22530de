import type { ClusterAgent, SetupInstructions } from '../contract/clusters.ts';
import * as managed from '../contract/clusters.ts';
import type { Platform } from '../contract/common.ts';
import type { CertificateForm, CreateForm, Deployment, NetworkChange } from '../contract/deployments.ts';
import * as contract from '../contract/deployments.ts';
import type { AnswerOf, BodyOf } from '../contract/endpoint.ts';
import { unwrap } from '../contract/lists.ts';
import type { Transport } from './transport.ts';

/** A project, where clusters live. */
export interface Place {
  readonly orgId: string;
  readonly projectId: string;
}

/** One cluster. */
export interface ClusterPlace extends Place {
  readonly clusterId: string;
}

/** The task that a change runs as; empty where the server started none. */
export type TaskId = string;

export interface ClustersApi {
  list(
    place: Place,
    filter?: { deployName?: string; creator?: string },
    signal?: AbortSignal,
  ): Promise<readonly Deployment[]>;
  get(at: ClusterPlace, signal?: AbortSignal): Promise<Deployment>;
  /** The number of `clusterStatus`. */
  status(at: ClusterPlace, signal?: AbortSignal): Promise<number>;
  create(place: Place, form: CreateForm, signal?: AbortSignal): Promise<Deployment>;
  addExisting(
    place: Place,
    form: BodyOf<typeof managed.addExistingCluster>,
    signal?: AbortSignal,
  ): Promise<AnswerOf<typeof managed.addExistingCluster>>;
  setupInstructions(at: ClusterPlace, platform: Platform, signal?: AbortSignal): Promise<readonly SetupInstructions[]>;
  agents(at: ClusterPlace, signal?: AbortSignal): Promise<readonly ClusterAgent[]>;
  deleteAgent(at: ClusterPlace, agentId: number, signal?: AbortSignal): Promise<void>;
  transfer(at: ClusterPlace, projectId: string, signal?: AbortSignal): Promise<void>;
  update(at: ClusterPlace, change: BodyOf<typeof contract.updateDeployment>, signal?: AbortSignal): Promise<void>;
  scale(at: ClusterPlace, replicas: number, signal?: AbortSignal): Promise<TaskId>;
  scaleVertically(at: ClusterPlace, resourceLimit: string, signal?: AbortSignal): Promise<TaskId>;
  changeNetwork(at: ClusterPlace, change: NetworkChange, signal?: AbortSignal): Promise<TaskId>;
  /** 0 switches the dynamic limit off. */
  changeConnections(at: ClusterPlace, connectLimit: number, signal?: AbortSignal): Promise<TaskId>;
  changeLicense(at: ClusterPlace, form: CertificateForm, signal?: AbortSignal): Promise<TaskId>;
  changeCertificates(at: ClusterPlace, form: CertificateForm, signal?: AbortSignal): Promise<TaskId>;
  changeImage(at: ClusterPlace, image: string, signal?: AbortSignal): Promise<TaskId>;
  start(at: ClusterPlace, signal?: AbortSignal): Promise<TaskId>;
  stop(at: ClusterPlace, signal?: AbortSignal): Promise<TaskId>;
  repair(at: ClusterPlace, signal?: AbortSignal): Promise<TaskId>;
  /** `name` is the confirmation that the API asks for. */
  delete(at: ClusterPlace, name: string, signal?: AbortSignal): Promise<TaskId>;
}

const taskOf = (answer: { data: { taskId: string } }): TaskId => answer.data.taskId;

export function clustersApi({ call }: Transport): ClustersApi {
  return {
    list: async (params, filter = {}, signal) =>
      unwrap(await call(contract.listDeployments, { params, query: { limit: -1, offset: 0, ...filter } }, signal))
        .items,
    get: async (params, signal) => (await call(contract.getDeployment, { params }, signal)).data,
    status: async (params, signal) => (await call(contract.getDeploymentStatus, { params }, signal)).data.status,
    create: async (params, body, signal) => (await call(contract.createDeployment, { params, body }, signal)).data,
    addExisting: (params, body, signal) => call(managed.addExistingCluster, { params, body }, signal),
    setupInstructions: async (params, platform, signal) =>
      unwrap(await call(managed.getSetupInstructions, { params, query: { platform } }, signal)).items,
    agents: async (params, signal) => unwrap(await call(managed.listAgents, { params }, signal)).items,
    deleteAgent: async (at, agentId, signal) =>
      void (await call(managed.deleteAgent, { params: { ...at, agentId } }, signal)),
    transfer: async (params, projectId, signal) =>
      void (await call(managed.transferCluster, { params, body: { projectId } }, signal)),
    update: async (params, body, signal) => void (await call(contract.updateDeployment, { params, body }, signal)),
    scale: async (at, replicas, signal) =>
      taskOf(await call(contract.scaleDeployment, { params: { ...at, replicas } }, signal)),
    scaleVertically: async (at, resourceLimit, signal) =>
      taskOf(await call(contract.scaleDeploymentVertically, { params: { ...at, resourceLimit } }, signal)),
    changeNetwork: async (params, body, signal) => taskOf(await call(contract.changeNetwork, { params, body }, signal)),
    changeConnections: async (params, connectLimit, signal) =>
      taskOf(await call(contract.changeConnections, { params, body: { connectLimit } }, signal)),
    changeLicense: async (params, body, signal) => taskOf(await call(contract.changeLicense, { params, body }, signal)),
    changeCertificates: async (params, body, signal) =>
      taskOf(await call(contract.changeCertificates, { params, body }, signal)),
    changeImage: async (params, image, signal) =>
      taskOf(await call(contract.changeImage, { params, body: { image } }, signal)),
    start: async (params, signal) => taskOf(await call(contract.startDeployment, { params }, signal)),
    stop: async (params, signal) => taskOf(await call(contract.stopDeployment, { params }, signal)),
    repair: async (params, signal) => taskOf(await call(contract.repairDeployment, { params }, signal)),
    delete: async (params, name, signal) =>
      taskOf(await call(contract.deleteDeployment, { params, body: { name } }, signal)),
  };
}
