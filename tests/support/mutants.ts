import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A mistake that somebody could have made: one piece of a source file instead of another. */
export interface Mutation {
  readonly name: string;
  /** Below src. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const SOURCE = new URL("../../src/", import.meta.url);

/** The modules of one folder of src with a mistake in one of them; `load` answers the one that is named. */
export class Mutant implements Disposable {
  readonly #folder: string;

  constructor({ name, file, from, to }: Mutation) {
    const [folder] = file.split("/");
    this.#folder = mkdtempSync(join(tmpdir(), "p2p-mutant-"));
    writeFileSync(join(this.#folder, "package.json"), '{"type":"module"}');
    for (const source of sourcesOf(folder!)) {
      let text = readFileSync(new URL(source, SOURCE), "utf8");
      if (source === file) text = mutate(text, { name, file, from, to });
      writeFileSync(join(this.#folder, source.slice(folder!.length + 1)), absolute(text));
    }
  }

  load<T>(module: string): Promise<T> {
    return import(pathToFileURL(join(this.#folder, module)).href);
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** All of src with a mistake in it, inside the repository, so that packages are found; whoever asks removes it. */
export function plantMistake(mutation: Mutation): string {
  const parent = fileURLToPath(new URL("../dist/mutants/", SOURCE));
  mkdirSync(parent, { recursive: true });
  const folder = join(mkdtempSync(join(parent, "planted-")), "src");
  cpSync(fileURLToPath(SOURCE), folder, { recursive: true });
  const path = join(folder, mutation.file);
  writeFileSync(path, mutate(readFileSync(path, "utf8"), mutation));
  return folder;
}

function mutate(text: string, { name, file, from, to }: Mutation): string {
  if (text.split(from).length !== 2) throw new Error(`${name}: ${file} does not have once: ${from}`);
  return text.replace(from, () => to);
}

function sourcesOf(folder: string): string[] {
  const names = readdirSync(fileURLToPath(new URL(`${folder}/`, SOURCE))).filter((name) => name.endsWith(".ts"));
  return names.map((name) => `${folder}/${name}`);
}

/** Imports from other folders lead back to the real source. */
function absolute(text: string): string {
  return text.replace(
    /(from|import\() ?"\.\.\/([^"]+)"/g,
    (_, word, path) => `${word} "${new URL(path, SOURCE).href}"`,
  );
}
