/** Version of the program and of the library; tests/util/version_test.ts keeps it equal to package.json. */
export const VERSION = "0.1.0";

/** How we name ourselves to peers (BIP14). */
export const USER_AGENT = `/p2p:${VERSION}/`;
