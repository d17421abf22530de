import * as api from '../../../contract/configuration.ts';
import {
  accessFrom,
  annotationsFrom,
  changeSetting,
  imagesFrom,
  maskedSmtp,
  maskedTargets,
  quotasFrom,
  smtpFrom,
  targetsFrom,
  tryAccess,
} from '../../domain/platform.ts';
import { getSetting } from '../../domain/settings.ts';
import type { World } from '../../domain/world.ts';
import type { On } from '../router.ts';

/** Platform settings: read by everybody where a cluster cannot be made without, else by system administrators alone. */
export function configurationRoutes(on: On, { db }: World): void {
  on(api.listQuotas, 'self', () => getSetting(db, 'quotas'));
  on(api.updateQuotas, 'system', ({ body, now, operator }) =>
    changeSetting(db, now, operator, 'quotas', (tx) => quotasFrom(tx, body)),
  );

  on(api.getTotalQuota, 'self', () => getSetting(db, 'total-quota'));
  on(api.updateTotalQuota, 'system', ({ body, now, operator }) =>
    changeSetting(db, now, operator, 'total-quota', () => body),
  );

  on(api.listImages, 'self', async () => [...(await getSetting(db, 'images'))]);
  on(api.updateImages, 'system', ({ body, now, operator }) =>
    changeSetting(db, now, operator, 'images', () => imagesFrom(body)),
  );

  on(api.listLoadBalancerAnnotations, 'self', async () => [...(await getSetting(db, 'lb-annotations'))]);
  on(api.updateLoadBalancerAnnotations, 'system', ({ body, now, operator }) =>
    changeSetting(db, now, operator, 'lb-annotations', () => annotationsFrom(body)),
  );

  on(api.getSmtp, 'system', async () => maskedSmtp(await getSetting(db, 'smtp')));
  on(api.updateSmtp, 'system', ({ body, now, operator }) =>
    changeSetting(db, now, operator, 'smtp', (_, before) => smtpFrom(body, before)),
  );

  on(api.getAlarmSettings, 'system', () => getSetting(db, 'alarm'));
  on(api.updateAlarmSettings, 'system', async ({ body, now, operator }) => {
    await changeSetting(db, now, operator, 'alarm', () => body);
    return body;
  });

  on(api.listEsTargets, 'system', async () => maskedTargets(await getSetting(db, 'es-target')));
  on(api.updateEsTargets, 'system', ({ body, now, operator }) =>
    changeSetting(db, now, operator, 'es-target', (_, before) => targetsFrom(body, before)),
  );

  on(api.getServerAccess, 'self', () => getSetting(db, 'server-access'));
  on(api.updateServerAccess, 'system', ({ body, now, operator }) =>
    changeSetting(db, now, operator, 'server-access', () => accessFrom(body)),
  );
  on(api.testServerAccess, 'system', ({ body }) => tryAccess(accessFrom(body)));
}
