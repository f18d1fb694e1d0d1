import { counter, type Definition, gauge, summaryOf } from "./definition.ts";
import { one, summary } from "./samples.ts";

/** The chain, its blocks, and what is relayed. */
export const CHAIN_METRICS: readonly Definition[] = [
  gauge(
    "chain_height",
    "Height of the best chain whose blocks are here.",
    ({ vitals: { chain } }) => one(chain.height),
  ),
  gauge("chain_headers", "Height of the best header.", ({ vitals: { chain } }) => one(chain.headers)),
  gauge("chain_syncing", "1 while blocks are being fetched.", ({ vitals: { chain } }) => one(Number(chain.syncing))),
  gauge(
    "chain_progress_ratio",
    "Share of the known blocks that is here.",
    ({ vitals: { chain } }) => one(chain.progress),
  ),
  gauge(
    "chain_median_age_seconds",
    "Age of the median time of the last eleven blocks.",
    ({ vitals: { chain, wallClockSeconds } }) => one(wallClockSeconds - chain.medianTime),
  ),
  counter("blocks_connected", "Blocks that joined the best chain.", ({ vitals: { blocks } }) => one(blocks.connected)),
  counter(
    "blocks_disconnected",
    "Blocks that left the best chain.",
    ({ vitals: { blocks } }) => one(blocks.disconnected),
  ),
  counter("blocks_refused", "Blocks that broke a rule.", ({ vitals: { blocks } }) => one(blocks.refused)),
  counter("reorganisations", "Changes to another branch.", ({ vitals: { blocks } }) => one(blocks.reorganisations)),
  counter("orphans", "Blocks that came before their parents.", ({ vitals: { blocks } }) => one(blocks.orphans)),
  gauge("orphans_held", "Orphans that wait for their parents.", ({ vitals: { blocks } }) => one(blocks.orphansHeld)),
  gauge(
    "reorganisation_ratio",
    "Reorganisations for each block connected, in the last hour.",
    ({ figures }) => one(figures.reorganisationShare),
  ),
  gauge("orphan_ratio", "Share of orphans in the blocks of the last hour.", ({ figures }) => one(figures.orphanShare)),
  summaryOf(
    "block_propagation",
    "From the first word of a block by any peer to its connection.",
    ({ vitals: { times } }, name) => summary(name, times.blockPropagation),
  ),
  summaryOf(
    "transaction_delivery",
    "From a transaction's first announcement to its delivery.",
    ({ vitals: { times } }, name) => summary(name, times.transactionDelivery),
  ),
  counter(
    "inventory_announced",
    "Items that peers announced.",
    ({ vitals: { inventory } }) => one(inventory.announced),
  ),
  counter(
    "inventory_duplicates",
    "Items that had been announced moments before.",
    ({ vitals: { inventory } }) => one(inventory.duplicates),
  ),
  counter(
    "inventory_dropped",
    "Items in announcements that were dropped because they told nothing new.",
    ({ vitals: { inventory } }) => one(inventory.dropped),
  ),
  gauge("pool_transactions", "Transactions that wait for a block.", ({ vitals: { pool } }) => one(pool.count)),
  gauge("pool_bytes", "Bytes of those.", ({ vitals: { pool } }) => one(pool.bytes)),
  gauge("pool_requested", "Transactions that are asked of peers.", ({ vitals: { pool } }) => one(pool.requested)),
];
