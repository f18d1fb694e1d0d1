import type { CompletedCommand, CompletedFlag, Values } from "./model.ts";
import { type Arm, flagArms, quoteAll, valueArms, valuePatterns, writeArms } from "./posix_cases.ts";

/**
 * A completion script for bash 3.2 and later. What was typed is compared with the words of the tables as a text, and
 * never expanded: `compgen -W` would run a `$(…)` that stands in its list, and is not used.
 */
export function bashCompletion(commands: readonly CompletedCommand[]): string {
  return `# Completion of p2p for bash: made by p2p completion bash.

# Bash takes a word apart at colons, and replaces only what stands behind the last one.
_p2p_offer() {
  local word
  for word in "$@"; do
    [[ $word == "$_p2p_typed"* ]] && COMPREPLY+=("\${word#"$_p2p_kept"}")
  done
}

# Words with commas between them, each of them once.
_p2p_offer_list() {
  local word before=
  [[ $_p2p_typed == *,* ]] && before=\${_p2p_typed%,*},
  for word in "$@"; do
    [[ ,$before == *",$word,"* ]] || _p2p_offer "$before$word"
  done
}

# Puts together what bash took apart: $_p2p_line has the words up to the cursor.
_p2p_join() {
  local part is_joined=
  for part in "\${COMP_WORDS[@]:0:COMP_CWORD+1}"; do
    if [[ $part =~ ^:+$ && \${#_p2p_line[@]} -gt 0 ]]; then
      _p2p_line[\${#_p2p_line[@]}-1]+=$part
      is_joined=yes
      continue
    fi
    if [[ -n $is_joined && -n $part ]]; then _p2p_line[\${#_p2p_line[@]}-1]+=$part
    else _p2p_line+=("$part")
    fi
    is_joined=
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
  local _p2p_line=() _p2p_typed= _p2p_kept= command= word= flag= at before
  COMPREPLY=()
  _p2p_join
  for ((at = 1; at < \${#_p2p_line[@]} - 1; at++)); do
    before=\${_p2p_line[at]}
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
  _p2p_typed=\${_p2p_line[at]}
  [[ $_p2p_typed == = ]] && _p2p_typed=
  [[ $_p2p_typed == *:* ]] && _p2p_kept=\${_p2p_typed%"\${COMP_WORDS[COMP_CWORD]#:}"}
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

function offerValues({ words, paths, isList }: Values): string {
  const offers = [
    ...(words.length > 0 ? [`${isList ? "_p2p_offer_list" : "_p2p_offer"} ${quoteAll(words)}`] : []),
    ...(paths === "files" ? ["_p2p_paths"] : paths === "directories" ? ["_p2p_directories"] : []),
  ];
  return offers.join("; ");
}

function wordArms({ name, words, isFile }: CompletedCommand): Arm[] {
  if (words.length === 0 && !isFile) return [];
  return [{
    pattern: name,
    action: offerValues({ words: words.map(([word]) => word), paths: isFile ? "files" : undefined, isList: false }),
  }];
}
