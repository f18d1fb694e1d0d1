/**
 * Every number that shapes how a node behaves towards its peers, with unit and reason. Limits of single messages stand
 * in wire_limits.ts, numbers of the chain in consensus.ts.
 */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Version of the protocol that we speak: the one that brought wtxidrelay (BIP339). */
export const PROTOCOL_VERSION = 70016;

/** Oldest version that we talk to: the first whose version message has the relay field (BIP37), of 2012. */
export const MIN_PROTOCOL_VERSION = 70001;

/** Version from which wtxidrelay and sendaddrv2 may be sent (BIP339, BIP155). */
export const FEATURES_PROTOCOL_VERSION = 70016;

/** Time for a whole handshake before a round trip was ever measured: ten lost SYN-sized packets on a slow path. */
export const HANDSHAKE_TIMEOUT_MS = 20 * SECOND;

/** Least time for a handshake, however fast the network: a busy peer may be in the middle of a block. */
export const MIN_HANDSHAKE_TIMEOUT_MS = 5 * SECOND;

/** A dial that the network does not answer. Linux retries a SYN after 1, 3 and 7 s: two retries fit. */
export const DIAL_TIMEOUT_MS = 5 * SECOND;

/** Least time for a dial, however fast the network: two retries of a lost SYN, and what a full backlog holds up. */
export const MIN_DIAL_TIMEOUT_MS = 3.5 * SECOND;

/** However slow the network, a place for an outbound peer waits no longer for one that may not exist. */
export const MAX_DIAL_TIMEOUT_MS = 20 * SECOND;

/** Half of what common NATs keep an idle TCP mapping for at the least (RFC 5382 asks 2 h, cheap ones do 60 s). */
export const PING_INTERVAL_MS = 30 * SECOND;

/** A pong may take this long before any was seen: a peer that validates a block answers late. */
export const PING_TIMEOUT_MS = 2 * MINUTE;

/** However fast the network, a peer may be busy for this long. */
export const MIN_PING_TIMEOUT_MS = 20 * SECOND;

/** However slow the network, a peer silent for this long is gone. */
export const MAX_PING_TIMEOUT_MS = 5 * MINUTE;

/** A timeout is this many smoothed round trips plus four deviations (RFC 6298 has 1; peers also compute). */
export const TIMEOUT_ROUND_TRIPS = 8;

/** Round trips kept to compute a 95th percentile: half an hour of pings. */
export const ROUND_TRIP_SAMPLES = 64;

/** How often timeouts of peers and services are looked at. Timeouts are seconds; a finer grain buys nothing. */
export const TICK_INTERVAL_MS = 1 * SECOND;

/**
 * A tick that comes so late shows that we stood still ourselves: a slow disk, a suspended machine. What the network sent
 * meanwhile is not read yet, so that tick judges nobody.
 */
export const LATE_TICK_MS = 3 * SECOND;

/** Rates of a peer are those of about so long: what it does now shows, and one block does not look like a flood. */
export const PACE_WINDOW_MS = 10 * SECOND;

/** Messages that one peer may have handled in one turn of the loop: some milliseconds of small ones. */
export const TURN_MESSAGES = 1024;

/** Bytes that one peer may have handled in one turn of the loop: two ordinary blocks. */
export const TURN_BYTES = 2 * MIB;

/** A read of this size is a part of something large. One read may bring 64 KiB on Node and Deno, 512 KiB on Bun. */
export const BULK_READ_BYTES = 32 * KIB;

/**
 * Bulk bytes that all peers together may have read before the loop turns: some milliseconds, which is what a ping waits
 * while a hundred peers send blocks (p2p bench flood).
 */
export const ROUND_BYTES = 2 * MIB;

/** Small frames are joined into writes of this size: beyond it nothing is gained (see docs/performance.md). */
export const BATCH_BYTES = 64 * KIB;

/** A batch begins with room for this much: a few pings or an inv. It grows with what is offered. */
export const MIN_BATCH_BYTES = 256;

/** Frames from this size on are written as they are: copying them into a batch costs more than a system call. */
export const DIRECT_WRITE_BYTES = 16 * KIB;

/** An outbox below this many bytes takes more bulk data from services that serve it. */
export const OUTBOX_LOW_WATER_BYTES = 1 * MIB;

/** Deferred inventory requests of one peer: one full getdata of the largest size that the protocol allows. */
export const MAX_DEFERRED_ITEMS = 50_000;

/** The same of a peer with the `download` permission: requests for half of Bitcoin's blocks, some 60 MB. */
export const MAX_PERMITTED_DEFERRED_ITEMS = 500_000;

/** Answers to getblocktxn that wait for their peer and are made in one turn: each may read a block back. */
export const MAX_ANSWERS_PER_TURN = 16;

/** Peers that may connect to us; as Bitcoin's 125 less the outbound ones, so that crawlers find familiar numbers. */
export const DEFAULT_MAX_INBOUND = 117;

/** Peers that may connect to a seed: strangers stay for moments, and a 32 KiB each is nothing to a machine. */
export const SEED_MAX_INBOUND = 1000;

/** Peers that we dial: eight that relay everything and two for blocks only. */
export const DEFAULT_MAX_OUTBOUND = 10;

/** Of those, peers for blocks only. Two survive the loss of one, and one liar among them is found out by the other. */
export const BLOCK_ONLY_PEERS = 2;

/** With fewer peers for everything, nobody new is dialled for blocks only: half of the usual 8 reach a small network. */
export const FEW_PEERS = 4;

/** A peer for blocks that stood so long, while nobody else was found, becomes one for everything: dials take 20 s. */
export const BLOCK_ONLY_PATIENCE_MS = 30 * SECOND;

/** Inbound peers of one address (IPv6: one /64): the nodes of a household or an office behind one NAT. */
export const DEFAULT_MAX_PER_ADDRESS = 8;

/** Inbound peers of one network group: the honest customers of a large provider; a quarter of the table at most. */
export const DEFAULT_MAX_PER_GROUP = 32;

/** Dials under way at once: each may wait for seconds for an address that is long gone. */
export const MAX_DIALS_UNDER_WAY = 8;

/** Addresses looked at to fill one place before the next second: most are refused in small networks only. */
export const SELECTIONS_PER_PLACE = 32;

/** Mean time between two feelers: 720 addresses a day are tried, and one warm spare is never old. */
export const FEELER_INTERVAL_MS = 2 * MINUTE;

/** Endpoints whose next dial has to wait: more than can fail within the longest pause. */
export const MAX_RESTING_ENDPOINTS = 1000;

/** Inbound peers that eviction spares, one for each of so many groups: which ones, a secret decides. */
export const SPARED_GROUPS = 4;

/** Inbound peers that eviction spares for the lowest ping: to be near us, one has to be near us. */
export const SPARED_BY_PING = 8;

/** Inbound peers that eviction spares for the newest useful transactions, and for the newest useful blocks. */
export const SPARED_BY_TRANSACTIONS = 4;
export const SPARED_BY_BLOCKS = 4;

/** Inbound peers for blocks only, spared for the newest useful blocks: they cannot be useful in any other way. */
export const SPARED_BLOCK_ONLY = 8;

/** Share of the other inbound peers that eviction spares because they have been here longest. */
export const SPARED_SHARE_BY_AGE = 0.5;

/** Of that share, the part for networks with few peers (onion, I2P, CJDNS, local), whose pings never win. */
export const SPARED_SHARE_BY_NETWORK = 0.5;

/** Score at which an address is discouraged. The weights of faults stand in penalties.ts. */
export const MISBEHAVIOUR_LIMIT = 100;

/** A score halves in this time: faults of honest nodes are hours apart, those of attackers seconds. */
export const MISBEHAVIOUR_HALF_LIFE_MS = 1 * HOUR;

/** A discouraged address is left alone for this long: addresses change owners within days. */
export const DISCOURAGEMENT_MS = 24 * HOUR;

/** Discouraged addresses remembered; beyond it the oldest are forgotten. */
export const MAX_DISCOURAGED = 50_000;

/** Addresses with a score; beyond it the one whose last fault is oldest is forgotten. */
export const MAX_SCORED = 10_000;

/** Of them, so many are listed for the owner, who did something last first. */
export const MAX_LISTED_OFFENDERS = 100;

/** How long a ban lasts where nobody says. */
export const DEFAULT_BAN_MS = 24 * HOUR;

/** Bans kept; whoever needs more bans ranges. Each costs a look-up at most by the length of its prefix. */
export const MAX_BANS = 10_000;

/** Characters of the reason of a ban: a sentence. */
export const MAX_BAN_REASON_LENGTH = 256;

/** Endpoints remembered to lead where another connection leads: far more than a node has addresses and ports. */
export const MAX_SECOND_ENDPOINTS = 1000;

/** A connection that lasted this long counts as a success: the next dial after its loss need not wait. */
export const STABLE_CONNECTION_MS = 1 * MINUTE;

/** Endpoints remembered at which we met ourselves: names and addresses of one machine. */
export const MAX_OWN_ENDPOINTS = 64;

/** Without a single peer for this long, something is wrong with us or the network, and not with a peer. */
export const NO_PEERS_MS = 30 * SECOND;

/** Peers may follow another chain for this long while ours does not grow: a race between two blocks ends with the next. */
export const DISAGREEMENT_MS = 5 * MINUTE;

/** How often the picture of the network is searched for parts that no way leads to: it costs milliseconds. */
export const SPLIT_VIEW_INTERVAL_MS = 10 * SECOND;

/** Nodes that vanish together and make a split of the network, if they are this share of all: fewer have just stopped. */
export const SPLIT_VIEW_NODES = 3;
export const SPLIT_VIEW_SHARE = 0.25;

/** Share of the nodes known before a split that must be reachable again before it counts as healed. */
export const SPLIT_HEALED_SHARE = 0.75;

/** Nodes that did not come back for so long have stopped: the network is smaller, and not split. */
export const SPLIT_VIEW_MAX_MS = 30 * MINUTE;

/** The tip is stale after so many intervals without a block: chance alone makes one gap of 400 as long. */
export const STALE_TIP_INTERVALS = 6;

/** Blocks that must have come before their mean interval means something, where the network prescribes none. */
export const MIN_INTERVAL_SAMPLES = 8;

/** Time for one step against a partition to show an effect; it doubles with each step, up to the longest pause. */
export const PARTITION_STEP_MS = 1 * MINUTE;
export const MAX_PARTITION_STEP_MS = 30 * MINUTE;

/** Outbound peers beyond the usual number while the network looks wrong. */
export const EXTRA_PEERS = 1;

/** First pause before a lost peer is dialled again. */
export const REDIAL_MIN_MS = 1 * SECOND;

/** Longest pause between two dials of the same peer. */
export const REDIAL_MAX_MS = 2 * MINUTE;

/** Share of a pause that chance may add or take, so that a restarted network does not dial in step. */
export const REDIAL_JITTER = 0.25;

/** Headers in one answer (Bitcoin protocol). A full page means that there are more. */
export const HEADERS_PAGE = 2000;

/** Hashes in one answer to getblocks (Bitcoin protocol). */
export const GETBLOCKS_PAGE = 500;

/** An answer to getheaders may take this long before a round trip was measured. */
export const HEADERS_TIMEOUT_MS = 15 * SECOND;

/** However fast the network, a peer may be busy with a block for this long before it answers. */
export const MIN_HEADERS_TIMEOUT_MS = 5 * SECOND;

/** However slow the network, headers that take longer are asked of somebody else. */
export const MAX_HEADERS_TIMEOUT_MS = 60 * SECOND;

/** Times in a row that a peer may tell headers that lead nowhere, and not what lies between: races cause one or two. */
export const MAX_UNCONNECTED_HEADERS = 10;

/** Blocks ahead of our tip that may be under way: what a dozen peers deliver while one is asked again. */
export const BLOCK_WINDOW = 1024;

/** Blocks in flight from one peer: at least a round trip's worth, at most what a fast peer sends in half a second. */
export const MIN_BLOCKS_IN_FLIGHT = 16;
export const MAX_BLOCKS_IN_FLIGHT = 256;

/** Bytes in flight, by the mean size of recent blocks: per peer, and over all peers. */
export const MAX_BYTES_IN_FLIGHT_PER_PEER = 16 * MIB;
export const MAX_BYTES_IN_FLIGHT = 64 * MIB;

/** A peer that owes blocks and sends nothing for this long is stalling; adapted upwards to its own measured rate. */
export const MIN_STALL_TIMEOUT_MS = 4 * SECOND;
export const MAX_STALL_TIMEOUT_MS = 60 * SECOND;

/** A block takes at most this many of the peer's own mean block times before the peer counts as stalling. */
export const STALL_BLOCK_TIMES = 32;

/** Version from which nodes speak of compact blocks (BIP152). */
export const COMPACT_PROTOCOL_VERSION = 70014;

/** The version of compact blocks that is in use: short ids of wtxids (BIP152). Version 1 is of before witnesses. */
export const COMPACT_VERSION = 2n;

/** Peers that push new blocks to us unasked on the Bitcoin wire: the number that BIP152 allows. */
export const MAX_HIGH_BANDWIDTH_PEERS = 3;

/** On our own wire all neighbours of a usual node do: announcing a block first takes two ways more (docs/reliability.md). */
export const MAX_NATIVE_HIGH_BANDWIDTH_PEERS = 16;

/** Blocks below the tip that are served as compact ones (BIP152): of older ones the peer's pool holds nothing. */
export const MAX_COMPACT_DEPTH = 5;

/** Blocks below the tip of which single transactions are served (BIP152). */
export const MAX_BLOCKTXN_DEPTH = 10;

/** Blocks above our tip up to which the pool may hold what a compact block names: two can follow upon each other. */
export const COMPACT_AHEAD_BLOCKS = 2;

/** Compact blocks that wait for transactions. One takes up to 4 MB, so in all they are bounded like blocks in flight. */
export const MAX_PARTIAL_BLOCKS = 16;
export const MAX_PARTIAL_BLOCKS_PER_PEER = 3;

/** Peers that are asked at once for what is missing of one block, so that one who stalls does not keep it from us. */
export const MAX_PARTIAL_COPIES = 3;

/** Blocks that one peer may have brought in compact form and that did not come of it: rivals for the tip are few. */
export const MAX_COMPACT_TRIES_PER_PEER = 16;

/** Peers whose compact copy of one block is compared with the pool: of more, none knows it better. */
export const MAX_COMPACT_TRIES_PER_BLOCK = 16;

/** What comparing one transaction of the pool with a compact block costs: 0.4 µs, as much as 40 bytes of small ones. */
export const COMPACT_SCAN_BYTES = 40;

/** As long as the longest stall: by then the block was asked of somebody else. */
export const MAX_PARTIAL_BLOCK_AGE_MS = MAX_STALL_TIMEOUT_MS;

/** Share of a block's transactions beyond which the rest is not worth the rebuilding: the whole block is asked for. */
export const MAX_MISSING_SHARE = 0.9;

/** Transactions that a compact block carries in full because we lacked them ourselves: 10 KB, as BIP152 advises. */
export const MAX_PREFILL_BYTES = 10_000;

/** Parsed blocks kept: the tip's transactions are looked up, announced and asked for, or those of two that compete. */
export const MAX_PARSED_BLOCKS = 2;

/** Progress is published at most this often during sync. */
export const PROGRESS_INTERVAL_MS = 1 * SECOND;

/** Blocks below the tip that pruning keeps, as BIP159 promises. */
export const PRUNE_KEEP_BLOCKS = 288;

/** Shutdown waits this long for queues to drain; the promise is under 1 s. */
export const SHUTDOWN_DRAIN_MS = 500;

/** A closed connection may take this long to send its last bytes before it is cut. */
export const CLOSE_LINGER_MS = 2 * SECOND;

/** What strangers can cause is logged at most this often, each kind by itself: a storm must not become one of lines. */
export const RARE_LOG_INTERVAL_MS = 1 * MINUTE;

/** Unconfirmed transactions kept, in bytes: 30 full blocks' worth. They cost strangers nothing, so it is all for them. */
export const POOL_MAX_BYTES = 64 * MIB;

/** Unconfirmed transactions kept: what 64 MiB hold of usual ones, and a bound on what each costs besides its bytes. */
export const POOL_MAX_COUNT = 100_000;

/** A transaction waits for so long: one that 144 blocks passed over pays too little for the next ones too. */
export const POOL_MAX_AGE_MS = 24 * HOUR;

/** 400 kB: a standard transaction weighs at most 400,000 units, and a byte weighs at least one. */
export const MAX_POOL_TRANSACTION_BYTES = 400_000;

/** Copies of one transaction with different witnesses that are kept: we cannot tell which is good, but not for ever. */
export const MAX_WITNESS_VERSIONS = 4;

/** Ids of transactions that left the pool, remembered so that they are not fetched again: some six blocks' worth. */
export const POOL_SETTLED_IDS = 50_000;

/** Announcements of an item within this time count as duplicates: they come from all peers within a few round trips. */
export const DEDUPE_TTL_MS = 5 * SECOND;

/** Announcements remembered in one generation of two: one inv of the largest size does not push out all others. */
export const DEDUPE_CAPACITY = 50_000;

/** Mean time between two batches of announcements to peers that dialled us, all at once, as Bitcoin Core has it: a spy's
 * many connections then tell no more than one about where a transaction came from. */
export const TRICKLE_INBOUND_MS = 5 * SECOND;

/** The same for each peer that we dialled: nobody can choose to be one of them. */
export const TRICKLE_OUTBOUND_MS = 2 * SECOND;

/** Transactions in one batch of announcements, as Bitcoin Core has it: 200 a second to a peer that dialled us. */
export const TRICKLE_BATCH = 1000;

/** Transactions that wait to be announced to one peer: ten batches. Beyond it some are not: others announce them. */
export const MAX_QUEUED_ANNOUNCEMENTS = 10_000;

/** The newest transactions, of which new peers are told: one batch, about 36 kB. A connection that is lost in the middle
 * of an exchange, or was cut off for a while, then costs nobody a transaction. */
export const TOLD_TO_NEWCOMERS = TRICKLE_BATCH;

/** Transactions of our own that nobody fetched yet: new peers are told of them too, however old. */
export const MAX_UNBROADCAST = 1000;

/** 30 s, six mean trickles: who asks for a younger transaction before it was announced to him is not answered. */
export const UNANNOUNCED_SERVE_AGE_MS = 30 * SECOND;

/** Transactions that one peer announced and nobody delivered: as Bitcoin Core; about 2 MB. More are ignored. */
export const MAX_ANNOUNCED_TRANSACTIONS = 5000;

/** Transactions asked of one peer at a time: 2,560 a second over a path of 100 ms. */
export const MAX_TRANSACTIONS_IN_FLIGHT = 256;

/** How much earlier than others those are asked whom we dialled, or who announce by wtxid, as Bitcoin Core has it. */
export const REQUEST_HEAD_START_MS = 2 * SECOND;

/** A requested transaction may take this long before a round trip was measured. */
export const TRANSACTION_TIMEOUT_MS = 15 * SECOND;

/** However fast the network, a peer may be busy with a block for this long before it sends a transaction. */
export const MIN_TRANSACTION_TIMEOUT_MS = 5 * SECOND;

/** However slow the network, a transaction that takes longer is asked of somebody else. */
export const MAX_TRANSACTION_TIMEOUT_MS = 60 * SECOND;

/** Transactions that a peer may send unasked, in bytes at once and per second: some hundred small ones, then 100/s. */
export const UNREQUESTED_BURST_BYTES = 256 * KIB;
export const UNREQUESTED_BYTES_PER_SECOND = 32 * KIB;

/** What the least unrequested transaction counts for, in bytes: hashing and keeping it costs as much. */
export const UNREQUESTED_LEAST_BYTES = 320;

/** The pool is listed for one peer at most this often: 100,000 items are 3.6 MB. */
export const MEMPOOL_INTERVAL_MS = 60 * SECOND;

/** First version of the protocol with feefilter (BIP133). */
export const FEE_FILTER_PROTOCOL_VERSION = 70013;

/** Blocks below the tip whose transactions are remembered as confirmed although the pool is empty. */
export const CONFIRMED_BLOCKS = 6;

/** Blocks that the pool hears of in one turn, besides TURN_BYTES: small ones cost as much as reading them back does. */
export const CONFIRMED_BLOCKS_PER_TURN = 128;
