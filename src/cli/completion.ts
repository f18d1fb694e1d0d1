import { type AnyCommand, defineCommand } from "./command.ts";
import { bashCompletion } from "./completion/bash.ts";
import { fishCompletion } from "./completion/fish.ts";
import { type CompletedCommand, describeCommands } from "./completion/model.ts";
import { zshCompletion } from "./completion/zsh.ts";
import { EXIT, UsageError } from "./exit.ts";
import { COMMON_FLAGS } from "./flags.ts";
import { suggestion } from "../util/nearest.ts";

interface Shell {
  readonly summary: string;
  write(commands: readonly CompletedCommand[]): string;
}

const SHELLS: Readonly<Record<string, Shell>> = {
  bash: { summary: "the GNU shell, 3.2 and later", write: bashCompletion },
  zsh: { summary: "the Z shell", write: zshCompletion },
  fish: { summary: "the friendly shell", write: fishCompletion },
};

/** `others`: the commands that are completed besides this one; asked when they are all there. */
export function completionCommand(others: () => readonly AnyCommand[]): AnyCommand {
  return defineCommand({
    name: "completion",
    summary: "print a script by which a shell completes p2p's words",
    usage: [`${Object.keys(SHELLS).join("|")}`],
    positionals: [{
      name: "SHELL",
      isRequired: true,
      choices: Object.entries(SHELLS).map(([word, { summary }]) => ({ word, summary, takes: [] })),
    }],
    flags: COMMON_FLAGS,
    examples: [
      ['eval "$(p2p completion bash)"', "for this bash; in ~/.bashrc for every one"],
      ["p2p completion zsh > ~/.zfunc/_p2p", "where fpath has ~/.zfunc before compinit"],
      ["p2p completion fish > ~/.config/fish/completions/p2p.fish", "for every fish"],
    ],
    exitCodes: [EXIT.done, EXIT.usage, EXIT.internal],

    run(context, _, [name = ""]) {
      const shell = Object.hasOwn(SHELLS, name) ? SHELLS[name] : undefined;
      if (!shell) {
        const names = Object.keys(SHELLS);
        throw new UsageError(
          `no shell ${JSON.stringify(name)}${suggestion(name, names) || `; there is: ${names.join(", ")}`}`,
        );
      }
      context.out.stream.write(shell.write(describeCommands(others())));
      return Promise.resolve(EXIT.done);
    },
  });
}
