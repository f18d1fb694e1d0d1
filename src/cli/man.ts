import { type AnyCommand, defineCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { COMMON_FLAGS } from "./flags.ts";
import { manPage } from "./man_page.ts";

/** `commands`: all of them; asked when they are all there. */
export function manCommand(commands: () => readonly AnyCommand[]): AnyCommand {
  return defineCommand({
    name: "man",
    summary: "print the manual page",
    usage: ["[FLAG …]"],
    positionals: [],
    flags: COMMON_FLAGS,
    examples: [
      ["p2p man | man -l -", "read it"],
      ["p2p man > /usr/local/share/man/man1/p2p.1", "for everybody on this machine"],
    ],
    exitCodes: [EXIT.done, EXIT.usage, EXIT.internal],

    run({ out }) {
      out.stream.write(manPage(commands()));
      return Promise.resolve(EXIT.done);
    },
  });
}
