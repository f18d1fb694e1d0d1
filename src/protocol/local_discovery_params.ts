/** Every number of the search for nodes on the local network, with unit and reason. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Of the smallest scope there is (RFC 2365, section 6.1), so that nobody but this site hears it; it ends in P2, in ASCII. */
export const LOCAL_GROUP = "239.255.80.50";

/** Of the group, for all networks: their magic tells them apart. As a number, the port of the p2p network over TCP. */
export const LOCAL_PORT = 27_272;

/** Hops: no router passes it on, wherever the border of the site is. */
export const LOCAL_TTL = 1;

/** One announcement an interface in so long: who missed one hears the next, and a hundred nodes make 25 bytes a second. */
export const LOCAL_ANNOUNCE_MS = MINUTE;

/** So much of it is drawn by chance, so that nodes that started together do not speak together. */
export const LOCAL_ANNOUNCE_JITTER = 0.5;

/** A newcomer is answered within so long, by chance: all others answer it too. */
export const LOCAL_ANSWER_SPREAD_MS = SECOND;

/** No two answers within so long, however many come or pretend to: the second is for all who came meanwhile. */
export const LOCAL_ANSWER_PAUSE_MS = 5 * SECOND;

/** Datagrams a second that are looked at, in the long run: a thousand nodes announce themselves at this rate. */
export const LOCAL_RATE = 20;

/** Datagrams that are looked at at once: a hundred nodes that answer us, twice. */
export const LOCAL_BURST = 200;

/** Nodes whose announcement is no news, at the least: more than a local network of one site has. */
export const MAX_LOCAL_NODES = 1024;

/** Interfaces that are used: a machine with more of them is a router or a host of containers. */
export const MAX_LOCAL_INTERFACES = 16;

/** Lines of one kind in the log: what fails once a minute is told once an hour. */
export const LOCAL_LOG_INTERVAL_MS = 60 * MINUTE;
