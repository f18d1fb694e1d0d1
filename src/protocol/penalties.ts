import type { FaultCode } from "./errors.ts";

/**
 * What each fault adds to the score of the address it came from; at 100 (`MISBEHAVIOUR_LIMIT`) the address is left alone
 * for a day. 100: no honest node does it. 20: a bug or a broken line does it now and then. 5: a slow or busy one does it.
 * 0: nobody is to blame, such as a node of another network that was pointed at us.
 */
export const PENALTIES: { readonly [C in FaultCode]: number } = {
  "bad-magic": 20,
  "bad-checksum": 20,
  "oversized": 100,
  "malformed": 50,
  "unexpected-message": 20,
  "obsolete-version": 0,
  "wrong-network": 0,
  "self-connection": 0,
  "missing-services": 0,
  "handshake-refused": 0,
  "handshake-timeout": 5,
  "ping-timeout": 0,
  "too-slow": 5,
  "stalled": 5,
  "bad-header": 100,
  "unconnected-headers": 20,
  "low-work": 5,
  "bad-block": 100,
  "bad-transaction": 50,
  "rejected-message": 20,
  "unrequested": 5,
};
