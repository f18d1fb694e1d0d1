import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type Simulation,
  type SimulationLinkDatum,
  type SimulationNodeDatum,
} from "d3-force";
import type { TopologyNodeSnapshot, TopologySnapshot } from "../protocol/network_snapshots.ts";
import { byId, setText, themed } from "./dom.ts";
import { formatMs } from "./format.ts";
import { type Box, detailsOf, isFree, isInside, labelsOf, radiusFor } from "./graph_rules.ts";

interface Spot extends SimulationNodeDatum {
  readonly id: string;
  facts: TopologyNodeSnapshot;
  degree: number;
}

interface Edge extends SimulationLinkDatum<Spot> {
  source: Spot;
  target: Spot;
  readonly known: string;
  readonly rttMs: number | null;
}

interface View {
  readonly scale: number;
  readonly x: number;
  readonly y: number;
}

const PADDING = 28;
const TICKS_PER_FRAME = 4;
const REACH = 14;
const MAX_SCALE = 2.2;
const LABEL_GAP = 4;
/** How much larger this node is drawn than others. */
const SELF_SIZE = 1.6;
const LINK_DISTANCE = 46;
/** Towards the middle. */
const PULL = 0.06;
/** From so many nodes on, links are faint and nodes push less. */
const CROWD = 150;
const NARROW_PX = 600;
const FULL_CIRCLE = 2 * Math.PI;
const KEYS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
const COLORS: Readonly<Record<TopologyNodeSnapshot["source"], string>> = {
  self: "--node-self",
  peer: "--node-peer",
  gossip: "--node-gossip",
  address: "--node-address",
};

/** The network as this node knows it, on a canvas: one layout that grows as nodes are heard of, still once it is settled. */
export class Graph {
  readonly #canvas = byId("graph") as HTMLCanvasElement;
  readonly #detail = byId("graph-detail");
  readonly #spots = new Map<string, Spot>();
  readonly #simulation: Simulation<Spot, Edge>;
  #edges: Edge[] = [];
  #self = "";
  #selected: string | undefined;
  #view: View = { scale: 1, x: 0, y: 0 };
  #frame = 0;
  #shape = "";

  constructor() {
    this.#simulation = forceSimulation<Spot, Edge>().stop();
    new ResizeObserver(() => this.#draw()).observe(this.#canvas);
    this.#canvas.addEventListener("pointermove", (event) => this.#select(this.#nearest(event)));
    this.#canvas.addEventListener("pointerleave", () => this.#select(undefined));
    this.#canvas.addEventListener("keydown", (event) => this.#onKey(event));
  }

  show(topology: TopologySnapshot): void {
    this.#self = topology.self;
    this.#adopt(topology);
    const { nodes, links, components } = topology.metrics;
    const text = `${topology.nodes.length} nodes, ${links} links between ${nodes} of them in ` +
      `${components === 1 ? "one piece" : `${components} pieces`}`;
    this.#canvas.setAttribute(
      "aria-label",
      `The network as this node knows it: ${text}. Arrow keys go from node to node.`,
    );
    setText(byId("graph-note"), text);
    const shape = JSON.stringify([
      [...this.#spots.keys()],
      this.#edges.map(({ source, target }) => [source.id, target.id]),
    ]);
    if (shape === this.#shape) return this.#draw();
    this.#shape = shape;
    this.#settle();
  }

  /** After a change of the theme. */
  redraw(): void {
    this.#draw();
  }

  #adopt({ nodes, links }: TopologySnapshot): void {
    const present = new Set(nodes.map(({ id }) => id));
    for (const id of [...this.#spots.keys()]) if (!present.has(id)) this.#spots.delete(id);
    for (const facts of nodes) {
      const spot = this.#spots.get(facts.id);
      if (spot) spot.facts = facts;
      else this.#spots.set(facts.id, { id: facts.id, facts, degree: 0 });
    }
    for (const spot of this.#spots.values()) spot.degree = 0;
    this.#edges = links.flatMap(({ from, to, known, rttMs }) => {
      const [source, target] = [this.#spots.get(from), this.#spots.get(to)];
      if (!source || !target) return [];
      source.degree++;
      target.degree++;
      return [{ source, target, known, rttMs }];
    });
  }

  /** Lays out anew from where everybody stands, a few steps a frame; at once where motion is not wanted. */
  #settle(): void {
    const spots = [...this.#spots.values()];
    const radius = radiusFor(spots.length);
    // The canvas is wide: so is the drawing.
    const aspect = Math.max(1, this.#canvas.clientWidth / Math.max(1, this.#canvas.clientHeight));
    const charge = spots.length > CROWD ? -45 : -160;
    this.#simulation.nodes(spots)
      .force("x", forceX<Spot>(0).strength(({ degree }) => degree === 0 ? PULL : PULL / aspect ** 2))
      .force("y", forceY<Spot>(0).strength(PULL))
      // Who has no links is pushed about less, or a few strangers would take all the room.
      .force(
        "charge",
        forceManyBody<Spot>().strength(({ degree }) => degree === 0 ? charge / 4 : charge).distanceMax(500),
      )
      .force("collide", forceCollide<Spot>(radius + 3))
      .force("link", forceLink<Spot, Edge>(this.#edges).distance(LINK_DISTANCE).strength(0.25))
      .alpha(1);
    cancelAnimationFrame(this.#frame);
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (isStill) { while (this.#simulation.alpha() > this.#simulation.alphaMin()) this.#simulation.tick(); }
    else this.#frame = requestAnimationFrame(() => this.#step());
    this.#draw();
  }

  #step(): void {
    this.#simulation.tick(TICKS_PER_FRAME);
    this.#draw();
    if (this.#simulation.alpha() <= this.#simulation.alphaMin()) return;
    this.#frame = requestAnimationFrame(() => this.#step());
  }

  #draw(): void {
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    if (width === 0 || height === 0) return;
    const ratio = devicePixelRatio;
    this.#canvas.width = Math.round(width * ratio);
    this.#canvas.height = Math.round(height * ratio);
    const context = this.#canvas.getContext("2d")!;
    context.scale(ratio, ratio);
    context.clearRect(0, 0, width, height);
    const spots = [...this.#spots.values()];
    this.#view = fit(spots, width, height);
    this.#drawEdges(context);
    this.#drawSpots(context, spots);
    this.#drawLabels(context, spots, width);
  }

  #drawEdges(context: CanvasRenderingContext2D): void {
    const isCrowded = this.#spots.size > CROWD;
    for (const { source, target, known } of this.#edges) {
      const isLit = this.#selected !== undefined && (source.id === this.#selected || target.id === this.#selected);
      context.strokeStyle = themed(isLit ? "--node-self" : "--link");
      context.globalAlpha = isLit ? 1 : isCrowded ? 0.35 : 0.8;
      context.lineWidth = isLit ? 2 : 1;
      context.setLineDash(known === "claimed" ? [3, 3] : []);
      context.beginPath();
      context.moveTo(...this.#at(source));
      context.lineTo(...this.#at(target));
      context.stroke();
    }
    context.globalAlpha = 1;
    context.setLineDash([]);
  }

  #drawSpots(context: CanvasRenderingContext2D, spots: readonly Spot[]): void {
    const radius = radiusFor(spots.length);
    const surface = themed("--surface");
    const colors = new Map(Object.entries(COLORS).map(([source, name]) => [source, themed(name)]));
    for (const spot of spots) {
      const color = colors.get(spot.facts.source)!;
      const isSelf = spot.id === this.#self;
      context.beginPath();
      context.arc(...this.#at(spot), isSelf ? radius * SELF_SIZE : radius, 0, FULL_CIRCLE);
      context.fillStyle = spot.facts.source === "address" ? surface : color;
      context.fill();
      context.lineWidth = spot.id === this.#selected ? 3 : 1.5;
      context.strokeStyle = spot.id === this.#selected
        ? themed("--text")
        : spot.facts.source === "address"
        ? color
        : surface;
      context.stroke();
    }
  }

  /** Later ones give way to those that stand already, and to nodes where there are few: in a crowd they stand above. */
  #drawLabels(context: CanvasRenderingContext2D, spots: readonly Spot[], width: number): void {
    context.font = `12px ${themed("--font")}`;
    context.textBaseline = "middle";
    const places = spots.length > CROWD ? [] : spots.map((spot) => this.#at(spot));
    const taken: Box[] = [];
    const gap = radiusFor(spots.length) + LABEL_GAP;
    for (const [id, text] of labelsOf(spots, this.#self, this.#selected, width < NARROW_PX)) {
      const [x, y] = this.#at(this.#spots.get(id)!);
      const size = context.measureText(text).width;
      const isSelf = id === this.#self;
      const right = x + (isSelf ? gap * SELF_SIZE : gap);
      const left = x - gap - size;
      // Outwards, where there is room: inwards lie the links.
      const sides = x < width / 2 && !isSelf ? [left, right] : [right, left];
      const boxes = sides.map((start) => ({ left: start, right: start + size, y }));
      const free = boxes.find((box) => isInside(box, width) && isFree(box, taken, places));
      const box = free ??
        (id === this.#selected || isSelf ? boxes.find((it) => isInside(it, width)) ?? boxes[0] : undefined);
      if (!box) continue;
      taken.push(box);
      context.lineWidth = 3;
      context.strokeStyle = themed("--surface");
      context.strokeText(text, box.left, y);
      context.fillStyle = themed("--text");
      context.fillText(text, box.left, y);
    }
  }

  #at({ x = 0, y = 0 }: Spot): [number, number] {
    const { scale, x: left, y: top } = this.#view;
    return [left + scale * x, top + scale * y];
  }

  #nearest({ offsetX, offsetY }: PointerEvent): string | undefined {
    let best: string | undefined;
    let least = REACH * REACH;
    for (const spot of this.#spots.values()) {
      const [x, y] = this.#at(spot);
      const distance = (x - offsetX) ** 2 + (y - offsetY) ** 2;
      if (distance < least) [best, least] = [spot.id, distance];
    }
    return best;
  }

  #onKey(event: KeyboardEvent): void {
    const step = KEYS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const ids = [...this.#spots.keys()];
    const at = ids.indexOf(this.#selected ?? "");
    this.#select(ids[(at + step + ids.length) % ids.length]);
  }

  #select(id: string | undefined): void {
    if (id === this.#selected) return;
    this.#selected = id;
    const spot = id === undefined ? undefined : this.#spots.get(id);
    setText(this.#detail, spot ? detailsOf(spot.facts, spot.degree, formatMs) : "");
    this.#draw();
  }
}

/** Everything in sight, in the middle, not larger than is good to read. */
function fit(spots: readonly Spot[], width: number, height: number): View {
  const xs = spots.map(({ x = 0 }) => x);
  const ys = spots.map(({ y = 0 }) => y);
  const [left, right] = [Math.min(...xs, 0), Math.max(...xs, 0)];
  const [top, bottom] = [Math.min(...ys, 0), Math.max(...ys, 0)];
  const scale = Math.min(
    MAX_SCALE,
    (width - 2 * PADDING) / Math.max(1, right - left),
    (height - 2 * PADDING) / Math.max(1, bottom - top),
  );
  return { scale, x: width / 2 - scale * (left + right) / 2, y: height / 2 - scale * (top + bottom) / 2 };
}
