import { toOneLine } from "../../util/escape.ts";
import { type CompletedCommand, type CompletedFlag, type Values } from "./model.ts";
import { valuePatterns } from "./posix_cases.ts";

/** A completion script for fish. */
export function fishCompletion(commands: readonly CompletedCommand[]): string {
  const lines = [
    ...commands.map(({ name, summary }) => complete("__p2p_at", `-a ${quote(name)} -d ${quote(summary)}`)),
    ...commands.flatMap(commandLines),
  ];
  return `# Completion of p2p for fish: made by p2p completion fish.

# Whether a flag's value follows as a word of its own.
function __p2p_takes_value
  contains -- $argv[1] ${valuePatterns(commands).replaceAll("|", " ")}
end

# The command and its first word, as far as they are typed.
function __p2p_words
  set -l command
  set -l is_value 0
  for token in (commandline -opc)[2..-1]
    if test $is_value = 1
      set is_value 0
    else if __p2p_takes_value "$command:$token"
      set is_value 1
    else if not string match -q -- '-*' $token
      echo -- $token
      test -z "$command"; and set command $token
    end
  end
end

# Whether nothing, or this command, or it and one of these words was typed.
function __p2p_at
  set -l typed (__p2p_words)
  if test (count $argv) = 0
    test (count $typed) = 0
  else if test (count $argv) = 1
    test (count $typed) -ge 1; and test $typed[1] = $argv[1]
  else
    test (count $typed) -ge 2; and test $typed[1] = $argv[1]; and contains -- $typed[2] $argv[2..-1]
  end
end

# Whether this command was typed, and no word after it.
function __p2p_before_word
  set -l typed (__p2p_words)
  test (count $typed) = 1; and test $typed[1] = $argv[1]
end

# Words with commas between them, each of them once.
function __p2p_list
  set -l before (string match -r -- '^(?:--[^=]*=)?(.*,)' (commandline -ct))[2]
  for word in $argv
    string match -q -- "*,$word,*" ",$before"; or echo -- "$before$word"
  end
end

complete -c p2p -f
complete -c p2p -n __p2p_at -s h -l help -d 'show what a command takes'
complete -c p2p -n __p2p_at -s V -l version -d 'show the version'
${lines.join("\n")}
`;
}

function commandLines({ name, flags, words, isFile }: CompletedCommand): string[] {
  return [
    ...words.map(([word, help]) => complete(`__p2p_before_word ${name}`, `-a ${quote(word)} -d ${quote(help)}`)),
    ...(isFile ? [complete(`__p2p_before_word ${name}`, "-F")] : []),
    ...flags.flatMap((flag) => flagLines(name, flag)),
  ];
}

function flagLines(command: string, { name, letter, help, values, only, valuesBy }: CompletedFlag): string[] {
  const option = `${letter === undefined ? "" : `-s ${letter} `}-l ${name} -d ${quote(help)}`;
  const particular = valuesBy.map(([word, columns]) => {
    const offers = offerWords(columns, values?.isList ?? false);
    return complete(`__p2p_at ${command} ${word}`, `${option} -x${offers}`);
  });
  if (particular.length > 0) return particular;
  const where = ["__p2p_at", command, ...(only ?? [])].join(" ");
  return [complete(where, values ? `${option} ${valueOptions(values)}` : option)];
}

function valueOptions({ words, paths, isList }: Values): string {
  const list = offerWords(words, isList);
  if (paths === "directories") return `-x -a '(__fish_complete_directories)'`;
  return paths === "files" ? `-r -F${list}` : `-x${list}`;
}

function offerWords(words: readonly string[], isList: boolean): string {
  if (words.length === 0) return "";
  return ` -a ${quote(isList ? `(__p2p_list ${words.map(quote).join(" ")})` : words.join(" "))}`;
}

function complete(condition: string, rest: string): string {
  return `complete -c p2p -n ${quote(condition)} ${rest}`;
}

/** Between single quotes fish knows two escapes. */
function quote(text: string): string {
  return `'${toOneLine(text).replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
