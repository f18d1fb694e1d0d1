import type { CompletedCommand, CompletedFlag } from "./model.ts";
import { type Arm, flagArms, quoteAll, valueArms, valuePatterns, writeArms } from "./posix_cases.ts";

/**
 * A completion script for bash 3.2 and later. What was typed is compared with the words of the tables as a text, and
 * never expanded: `compgen -W` would run a `$(…)` that stands in its list, and is not used.
 */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  return `# Completion of p2p for bash: made by p2p completion bash.

_p2p_offer() {
  local word
  for word in "$@"; do
    [[ $word == "$_p2p_typed"* ]] && COMPREPLY+=("$word")
  done
}

_p2p_paths() {
  type compopt &> /dev/null && compopt -o default
}

_p2p_directories() {
  type compopt &> /dev/null && compopt -o dirnames
}

_p2p_flags() {
  case $1 in
${writeArms(flagArms(commands, offerFlags), "    ")}
    *) _p2p_offer --help --version ;;
  esac
}

_p2p_values() {
  case $1 in
${writeArms(valueArms(commands, offerValues), "    ")}
  esac
}

_p2p_words() {
  case $1 in
${writeArms(commands.flatMap(wordArms), "    ")}
  esac
}

_p2p() {
  local _p2p_typed=\${COMP_WORDS[COMP_CWORD]} command= word= flag= at before
  COMPREPLY=()
  for ((at = 1; at < COMP_CWORD; at++)); do
    before=\${COMP_WORDS[at]}
    case $command:$before in
      *:=) ;;
      ${valuePatterns(commands)}) flag=$before; continue ;;
      *:-*) ;;
      *)
        if [[ -n $flag ]]; then :
        elif [[ -z $command ]]; then command=$before
        elif [[ -z $word ]]; then word=$before
        fi ;;
    esac
    [[ $before == = ]] || flag=
  done
  [[ $_p2p_typed == = ]] && _p2p_typed=
  if [[ -n $flag ]]; then _p2p_values "$command:$word:$flag"
  elif [[ $_p2p_typed == -* ]]; then _p2p_flags "$command:$word"
  elif [[ -z $command ]]; then _p2p_offer ${quoteAll(commands.map(({ name }) => name))}
  elif [[ -z $word ]]; then _p2p_words "$command"
  fi
}

complete -F _p2p p2p
`;
}

function offerFlags(flags: readonly CompletedFlag[]): string {
  return `_p2p_offer ${flags.map(({ name }) => `--${name}`).join(" ")}`;
}

function offerValues(words: readonly string[], paths: "files" | "directories" | undefined): string {
  const offers = [
    ...(words.length > 0 ? [`_p2p_offer ${quoteAll(words)}`] : []),
    ...(paths === "files" ? ["_p2p_paths"] : paths === "directories" ? ["_p2p_directories"] : []),
  ];
  return offers.join("; ");
}

function wordArms({ name, words, isFile }: CompletedCommand): Arm[] {
  if (words.length === 0 && !isFile) return [];
  return [{ pattern: name, action: offerValues(words.map(([word]) => word), isFile ? "files" : undefined) }];
}
