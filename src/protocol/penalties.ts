import type { FaultCode } from "./errors.ts";

/**
 * What each fault adds to the score of the address it came from; at 100 (`MISBEHAVIOUR_LIMIT`) the address is left alone
 * for a day. 100: no honest node does it. 60 and 30: a bug or a broken line does it now and then, but not two or four
 * times within the hour. 5: a slow or busy node does it. 0: nobody is to blame, such as a node of another network that
 * was pointed at us.
 */
export const PENALTIES: { readonly [C in FaultCode]: number } = {
  "bad-magic": 30,
  "bad-checksum": 30,
  "oversized": 100,
  "malformed": 60,
  "unexpected-message": 30,
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
  "unconnected-headers": 30,
  "bad-block": 100,
  "bad-transaction": 60,
  "rejected-message": 30,
};
