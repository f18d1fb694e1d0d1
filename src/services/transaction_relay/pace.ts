import {
  REQUEST_HEAD_START_MS,
  TRICKLE_INBOUND_MS,
  TRICKLE_OUTBOUND_MS,
  UNANNOUNCED_SERVE_AGE_MS,
} from "../../protocol/relay_params.ts";

/** How long transactions are held back so that nobody learns where they came from. All in milliseconds. */
export interface RelayPace {
  /** Mean time between batches of announcements to all peers that dialled us; 0: at the end of each turn. */
  readonly inboundTrickleMs: number;
  /** The same for each peer that we dialled. */
  readonly outboundTrickleMs: number;
  /** How much earlier preferred peers are asked than others. */
  readonly headStartMs: number;
  /** Age from which a transaction is given to those who ask without having been told of it. */
  readonly unannouncedServeAgeMs: number;
}

/** As Bitcoin Core does it. */
export const USUAL_PACE: RelayPace = {
  inboundTrickleMs: TRICKLE_INBOUND_MS,
  outboundTrickleMs: TRICKLE_OUTBOUND_MS,
  headStartMs: REQUEST_HEAD_START_MS,
  unannouncedServeAgeMs: UNANNOUNCED_SERVE_AGE_MS,
};

/** At once, hiding nothing: for measurements, and for networks where everybody knows everybody. */
export const IMMEDIATE_PACE: RelayPace = {
  inboundTrickleMs: 0,
  outboundTrickleMs: 0,
  headStartMs: 0,
  unannouncedServeAgeMs: 0,
};
