// A module that cannot be loaded: see notify_test.ts.

throw new Error("no database here");
