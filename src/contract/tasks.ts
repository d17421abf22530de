import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import { Small, Time } from './common.ts';
import { endpoint } from './endpoint.ts';

/** `status` and `type` are numbers of `states.ts`; `progress` is a text for people. */
export const Task = Type.Object({
  id: Type.String(),
  deploy_id: Type.String(),
  user_id: Type.String(),
  type: Small,
  status: Small,
  progress: Type.String(),
  createdAt: Time,
  updatedAt: Time,
  /** Ours: why the task failed. */
  xReason: Type.Optional(Type.String()),
});
export type Task = Static<typeof Task>;

export const getTask = endpoint({
  method: 'GET',
  path: '/api/tasks/{id}',
  caller: 'user',
  params: Type.Object({ id: Type.String() }),
  answer: Task,
});
