import { type EcpStandIn, startEcpStandIn } from '../stand-ins/ecp/ecp.ts';
import { atEnd } from './process.ts';

export { handedOut, registrationToken } from '../stand-ins/ecp/ecp.ts';

export type FakeEcp = EcpStandIn;

/** A stand-in for ECP that ends with the test. */
export async function fakeEcp(): Promise<FakeEcp> {
  const ecp = await startEcpStandIn();
  atEnd(() => ecp.stop());
  return ecp;
}
