// Just enough of a TypeScript scanner to look for names and imports without being fooled by comments, strings,
// templates and regular expressions. It knows no grammar: what it cannot tell apart, no file of ours contains.

export interface SourceImport {
  readonly specifier: string;
  readonly offset: number;
  /** Written as `export … from`. */
  readonly isReexport: boolean;
}

export interface ScannedSource {
  /** The text with comments and the insides of strings blanked out: the same length, the same lines. */
  readonly code: string;
  readonly imports: readonly SourceImport[];
}

const IMPORT = /\b(import|export)\b(?:[\w\s{},*$]*?\bfrom)?\s*(\(\s*)?(["'])/g;
const WORD_BEFORE_REGEXP = /\b(?:return|typeof|case|in|of|do|else|void|delete|throw|new|await|yield)$/;
const SIGN_BEFORE_REGEXP = /[(,=:[!&|?{};+\-*%<>~^]$/;

export function scanSource(text: string): ScannedSource {
  const code = blank(text);
  const imports = [...code.matchAll(IMPORT)].map((match) => {
    const start = match.index + match[0].length;
    const quote = match[0].at(-1) as string;
    return {
      specifier: text.slice(start, text.indexOf(quote, start)),
      offset: match.index,
      isReexport: match[1] === "export",
    };
  });
  return { code, imports };
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

function blank(text: string): string {
  let code = "";
  /** One entry a template we are inside of: how many braces are open in its current substitution. */
  const templates: number[] = [];

  function keep(count: number): void {
    code += text.slice(code.length, code.length + count);
  }

  function hide(end: number): void {
    code += text.slice(code.length, end).replace(/[^\n]/g, " ");
  }

  function quoted(quote: string): void {
    keep(1);
    hide(escapedEnd(text, quote, code.length));
    keep(1);
  }

  function template(): void {
    keep(1);
    templateText();
  }

  function templateText(): void {
    const end = templateEnd(text, code.length);
    hide(end);
    if (text[end] === "`") return keep("`".length);
    keep("${".length);
    templates.push(0);
  }

  function brace(step: number): void {
    const depth = templates.pop();
    keep(1);
    if (depth === undefined) return;
    if (depth + step < 0) return templateText();
    templates.push(depth + step);
  }

  while (code.length < text.length) {
    const at = code.length;
    const sign = text[at] as string;
    const pair = text.slice(at, at + 2);
    if (pair === "//") hide(endOf(text, "\n", at));
    else if (pair === "/*") hide(endOf(text, "*/", at + 2) + 2);
    else if (sign === '"' || sign === "'") quoted(sign);
    else if (sign === "`") template();
    else if (sign === "{") brace(1);
    else if (sign === "}") brace(-1);
    else if (sign === "/" && startsRegExp(code)) hide(regExpEnd(text, at));
    else keep(1);
  }
  return code;
}

function endOf(text: string, mark: string, from: number): number {
  const end = text.indexOf(mark, from);
  return end < 0 ? text.length : end;
}

function escapedEnd(text: string, mark: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== mark) at += text[at] === "\\" ? 2 : 1;
  return Math.min(at, text.length);
}

function templateEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text[at] !== "`" && !text.startsWith("${", at)) at += text[at] === "\\" ? 2 : 1;
  return Math.min(at, text.length);
}

function startsRegExp(code: string): boolean {
  const before = code.slice(-200).trimEnd();
  return before === "" || SIGN_BEFORE_REGEXP.test(before) || WORD_BEFORE_REGEXP.test(before);
}

function regExpEnd(text: string, from: number): number {
  let at = from + 1;
  let inClass = false;
  for (; at < text.length && text[at] !== "\n" && (inClass || text[at] !== "/"); at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "[") inClass = true;
    else if (text[at] === "]") inClass = false;
  }
  return at + 1;
}
