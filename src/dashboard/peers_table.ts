import type { PeerSnapshot } from "../protocol/peer_snapshots.ts";
import { byId, el } from "./dom.ts";
import { formatBytes, formatCount, formatMs, formatSeconds } from "./format.ts";
import { compareKnown } from "./order.ts";

interface Column {
  readonly title: string;
  readonly help: string;
  readonly key: (peer: PeerSnapshot) => number | string | null;
  readonly text: (peer: PeerSnapshot) => string;
  readonly isNumber?: boolean;
  /** Left out on narrow screens. */
  readonly isWide?: boolean;
}

const number = { isNumber: true } as const;
const wide = { isWide: true } as const;

const COLUMNS: readonly Column[] = [
  { title: "id", help: "number of the connection", key: ({ id }) => id, text: ({ id }) => String(id), ...number },
  { title: "address", help: "where it is", key: ({ address }) => address, text: ({ address }) => address },
  {
    title: "kind",
    help: "what the connection is for",
    key: ({ kind }) => kind,
    text: ({ kind, state }) => state === "ready" ? kind : state,
    ...wide,
  },
  {
    title: "program",
    help: "what it calls itself",
    key: ({ userAgent }) => userAgent,
    text: ({ userAgent }) => userAgent,
    ...wide,
  },
  {
    title: "height",
    help: "best block known of it",
    key: ({ height }) => height,
    text: ({ height }) => String(height),
    ...number,
  },
  {
    title: "ping",
    help: "median round trip",
    key: ({ pingMs }) => pingMs.median,
    text: ({ pingMs }) => formatMs(pingMs.median),
    ...number,
  },
  {
    title: "messages",
    help: "messages a second that it sends",
    key: ({ rates }) => rates.messagesIn,
    text: ({ rates }) => `${formatCount(rates.messagesIn)}/s`,
    ...number,
    ...wide,
  },
  {
    title: "in",
    help: "bytes a second that it sends",
    key: ({ rates }) => rates.bytesIn,
    text: ({ rates }) => `${formatBytes(Math.round(rates.bytesIn))}/s`,
    ...number,
  },
  {
    title: "out",
    help: "bytes a second that it gets",
    key: ({ rates }) => rates.bytesOut,
    text: ({ rates }) => `${formatBytes(Math.round(rates.bytesOut))}/s`,
    ...number,
  },
  {
    title: "waiting",
    help: "bytes that it has yet to take",
    key: ({ outbox }) => outbox.bytes,
    text: ({ outbox }) => formatBytes(outbox.bytes),
    ...number,
    ...wide,
  },
  {
    title: "score",
    help: "what it did wrong of late",
    key: ({ score }) => score,
    text: ({ score }) => String(score),
    ...number,
    ...wide,
  },
  {
    title: "connected",
    help: "for how long",
    key: ({ connectedSeconds }) => connectedSeconds,
    text: ({ connectedSeconds }) => formatSeconds(connectedSeconds),
    ...number,
    ...wide,
  },
];

/** Rows that are drawn: a browser can show more, a person cannot. */
const MAX_ROWS = 200;

/** Everybody who is connected, sorted as the reader wishes. */
export class PeersTable {
  readonly #body = byId("peers-body");
  readonly #note = byId("peers-note");
  #sortBy = 0;
  #isDescending = false;
  #peers: readonly PeerSnapshot[] = [];

  constructor() {
    byId("peers-head").replaceChildren(...COLUMNS.map((column, index) => this.#heading(column, index)));
  }

  show(peers: readonly PeerSnapshot[]): void {
    this.#peers = peers;
    this.#draw();
  }

  #heading({ title, help, isNumber, isWide }: Column, index: number): HTMLElement {
    const button = el("button", { type: "button", title: `sort by: ${help}` }, title);
    button.addEventListener("click", () => {
      this.#isDescending = this.#sortBy === index ? !this.#isDescending : isNumber ?? false;
      this.#sortBy = index;
      this.#draw();
    });
    return el("th", { scope: "col", class: classOf(isNumber, isWide) }, button);
  }

  #draw(): void {
    const { key } = COLUMNS[this.#sortBy]!;
    const sorted = [...this.#peers].sort((left, right) =>
      compareKnown(key(left), key(right), this.#isDescending) || left.id - right.id
    );
    this.#body.replaceChildren(...sorted.slice(0, MAX_ROWS).map(row));
    this.#note.textContent = sorted.length === 0
      ? "Nobody is connected."
      : sorted.length > MAX_ROWS
      ? `The first ${MAX_ROWS} of ${sorted.length} peers.`
      : "";
    for (const [index, heading] of [...byId("peers-head").children].entries()) {
      if (index !== this.#sortBy) heading.removeAttribute("aria-sort");
      else heading.setAttribute("aria-sort", this.#isDescending ? "descending" : "ascending");
    }
  }
}

function row(peer: PeerSnapshot): HTMLElement {
  return el(
    "tr",
    {},
    ...COLUMNS.map(({ text, isNumber, isWide }) => el("td", { class: classOf(isNumber, isWide) }, text(peer) || "–")),
  );
}

function classOf(isNumber = false, isWide = false): string | undefined {
  return [isNumber && "number", isWide && "wide"].filter(Boolean).join(" ") || undefined;
}
