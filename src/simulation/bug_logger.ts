import type { LogFields, Logger, LogLevel } from "../util/env.ts";
import type { Watch } from "./watch.ts";

/** An error that a node of ours logs is a bug; nothing else matters. A class, since each connection has one. */
export class BugLogger implements Logger {
  readonly #watch: Watch;
  readonly #host: string;
  readonly #category: string;
  readonly #life: { readonly isUp: boolean };

  constructor(watch: Watch, host: string, category: string, life: { readonly isUp: boolean }) {
    this.#watch = watch;
    this.#host = host;
    this.#category = category;
    this.#life = life;
  }

  enabled(level: LogLevel): boolean {
    return level === "error";
  }

  debug(): void {}

  info(): void {}

  warn(): void {}

  error(message: string, fields: LogFields = {}): void {
    if (!this.#life.isUp) return;
    const what = `${this.#host} ${this.#category}: ${message} ${JSON.stringify(fields)}`;
    this.#watch.report("no-internal-error", what);
  }
}
