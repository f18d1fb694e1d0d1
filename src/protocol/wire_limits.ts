/**
 * How much one message may hold, on either wire. A count above its limit is a fault of the remote, refused before
 * anything is allocated. Sizes that follow from a spelling stand beside that wire's payloads.
 */

/** 4 MB. A block weighs at most 4,000,000 units and a byte weighs at least one (BIP141). */
export const MAX_BLOCK_BYTES = 4_000_000;

/** 4 MB. A transaction must fit in a block. */
export const MAX_TRANSACTION_BYTES = MAX_BLOCK_BYTES;

/** 4 MB, the longest message that deployed nodes accept. It bounds what has no smaller bound of its own. */
export const MAX_MESSAGE_BYTES = 4_000_000;

/** Transactions of one block, as far as compact blocks can number them: 16-bit indexes (BIP152). */
export const MAX_BLOCK_TRANSACTIONS = 65_536;

/** Bytes of a transaction's name within one compact block (BIP152). */
export const SHORT_ID_BYTES = 6;

/** Items of one inv, getdata or notfound (Bitcoin protocol). */
export const MAX_INV_ITEMS = 50_000;

/** Headers of one headers message (Bitcoin protocol). */
export const MAX_HEADERS = 2000;

/** Hashes of one block locator: what deployed nodes accept; doubling steps reach back over any chain in 32. */
export const MAX_LOCATOR_HASHES = 101;

/** Records of one addr or addrv2 (Bitcoin protocol, BIP155). */
export const MAX_ADDRESSES = 1000;

/** 512 bytes, the longest address of any network, known or to come (BIP155). */
export const MAX_ADDRESS_BYTES = 512;

/** 256 bytes of user agent, as deployed nodes have it. */
export const MAX_USER_AGENT_BYTES = 256;

/** 1 KiB of version message: its known fields take at most 344 bytes, the rest is for fields to come. */
export const MAX_VERSION_BYTES = 1024;

/** 1 KiB of reject message (BIP61 has about 160; some implementations explain themselves at length). */
export const MAX_REJECT_BYTES = 1024;

/** 1 MiB of an application's message: a second of a slow line, and no outbox holds many. Larger data is sent in parts. */
export const MAX_APP_PAYLOAD_BYTES = 1_048_576;

/** 64 bytes of UTF-8 name a topic: a path or a hash in hex. Each message of the topic carries it. */
export const MAX_TOPIC_BYTES = 64;

/** Topics of one subscribe or unsubscribe, and those that one peer may be subscribed to. */
export const MAX_TOPICS = 256;

/** 64 bytes of UTF-8 name a method, as a topic. */
export const MAX_METHOD_BYTES = 64;

/** Nodes of one topology message: news of two seconds, in no more than what may be sent of a new type. */
export const MAX_TOPOLOGY_RECORDS = 32;

/** Links of one node in a topology message: what most have; of a node with more, the nearest. */
export const MAX_TOPOLOGY_LINKS = 64;

/** 32 bytes of UTF-8 name a region: eu-central, or a data centre. */
export const MAX_REGION_BYTES = 32;

/** 32 bytes of UTF-8 name a capability, and a node has so many. */
export const MAX_CAPABILITY_BYTES = 32;
export const MAX_CAPABILITIES = 16;

/** 12 bytes name a message type on the Bitcoin wire. */
export const MAX_COMMAND_BYTES = 12;
