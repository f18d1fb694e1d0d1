import { toOneLine } from "../../util/escape.ts";
import { type CompletedCommand, type CompletedFlag, quote, type Values } from "./model.ts";
import { type Arm, flagArms, quoteAll, valueArms, valuePatterns, writeArms } from "./posix_cases.ts";

/** A completion script for zsh: autoloaded as `_p2p` from a folder of fpath, or evaluated after compinit. */
export function zshCompletion(commands: readonly CompletedCommand[]): string {
  return `#compdef p2p
# Completion of p2p for zsh: made by p2p completion zsh.

_p2p_flags() {
  local -a offers
  case $1 in
${writeArms(flagArms(commands, offerFlags), "    ")}
    *) offers=(--help --version) ;;
  esac
  _describe -o flag offers
}

# Words with commas between them, each of them once.
_p2p_list() {
  local -a offers before
  compset -P '*,' && before=("\${(@s:,:)\${IPREFIX#*=}}")
  offers=("\${(@)@:|before}")
  compadd -q -S , -a offers
}

_p2p_values() {
  case $1 in
${writeArms(valueArms(commands, offerValues), "    ")}
  esac
}

_p2p_words() {
  local -a offers
  case $1 in
${writeArms(commands.flatMap(wordArms), "    ")}
  esac
}

_p2p() {
  local command= word= flag= before
  local -a offers
  for before in "\${(@)words[2,CURRENT-1]}"; do
    case $command:$before in
      ${valuePatterns(commands)}) flag=$before; continue ;;
      *:-*) ;;
      *)
        if [[ -n $flag ]]; then :
        elif [[ -z $command ]]; then command=$before
        elif [[ -z $word ]]; then word=$before
        fi ;;
    esac
    flag=
  done
  if [[ -z $flag && $PREFIX == --*=* ]]; then
    flag=\${PREFIX%%=*}
    compset -P '*='
  fi
  if [[ -n $flag ]]; then _p2p_values "$command:$word:$flag"
  elif [[ $PREFIX == -* ]]; then _p2p_flags "$command:$word"
  elif [[ -z $command ]]; then
    offers=(${commands.map(({ name, summary }) => describe(name, summary)).join(" ")})
    _describe command offers
  elif [[ -z $word ]]; then _p2p_words "$command"
  fi
}

if [[ $funcstack[1] == _p2p ]]; then _p2p "$@"; else compdef _p2p p2p; fi
`;
}

function offerFlags(flags: readonly CompletedFlag[]): string {
  return `offers=(${flags.map(({ name, help }) => describe(`--${name}`, help)).join(" ")})`;
}

function offerValues({ words, paths, isList }: Values): string {
  const offers = [
    ...(words.length > 0 ? [`${isList ? "_p2p_list" : "compadd --"} ${quoteAll(words)}`] : []),
    ...(paths === "files" ? ["_files"] : paths === "directories" ? ["_files -/"] : []),
  ];
  return offers.join("; ");
}

function wordArms({ name, words, isFile }: CompletedCommand): Arm[] {
  if (words.length === 0 && !isFile) return [];
  const offers = `offers=(${words.map(([word, help]) => describe(word, help)).join(" ")}); _describe word offers`;
  return [{ pattern: name, action: isFile ? `${offers}; _files` : offers }];
}

/** `word:what it is`, in which a colon of its own would end the word. */
function describe(word: string, help: string): string {
  return quote(`${word.replaceAll(":", "\\:")}:${toOneLine(help)}`);
}
