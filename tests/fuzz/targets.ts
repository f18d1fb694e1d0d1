import type { FuzzTarget } from "./target.ts";
import { ADDRESS_ROWS, ADDRESSES } from "./targets/addresses.ts";
import { BLOCK, BLOCK_FILE, COMPACT_BLOCK } from "./targets/blocks.ts";
import { CAPTURE } from "./targets/captures.ts";
import { CONTROL } from "./targets/control.ts";
import { COMMAND_LINE, CONFIG, ENVIRONMENT, NETWORK_FILE } from "./targets/settings.ts";
import { HTTP } from "./targets/http.ts";
import { HANDSHAKE, NATIVE_HANDSHAKE, NATIVE_SESSION, SESSION } from "./targets/strangers.ts";
import { BITCOIN_DECODER, BITCOIN_TRACE, NATIVE_DECODER, NATIVE_TRACE } from "./targets/wires.ts";

/** Everything that takes bytes from strangers, files or users. */
export const TARGETS: readonly FuzzTarget[] = [
  BITCOIN_DECODER,
  NATIVE_DECODER,
  BITCOIN_TRACE,
  NATIVE_TRACE,
  HANDSHAKE,
  NATIVE_HANDSHAKE,
  SESSION,
  NATIVE_SESSION,
  BLOCK,
  COMPACT_BLOCK,
  BLOCK_FILE,
  ADDRESSES,
  ADDRESS_ROWS,
  CONTROL,
  HTTP,
  CONFIG,
  ENVIRONMENT,
  COMMAND_LINE,
  NETWORK_FILE,
  CAPTURE,
];
