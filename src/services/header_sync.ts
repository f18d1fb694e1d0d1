import type { HeaderNode } from "../chain/header_tree.ts";
import { Presync } from "../chain/presync.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { BlockHeader } from "../protocol/block_header.ts";
import { MAX_ANNOUNCED_HEADERS } from "../protocol/consensus.ts";
import { RemoteFault } from "../protocol/errors.ts";
import { INV_BLOCK, INV_WITNESS_FLAG, type MessageOf } from "../protocol/messages.ts";
