import uPlot from "uplot";
import { themed } from "./dom.ts";
import { formatClock } from "./format.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/** One line of a chart. */
export interface Line {
  readonly label: string;
  /** The custom property that has its colour. */
  readonly color: string;
  readonly isDashed?: boolean;
}

export interface ChartOptions {
  readonly place: HTMLElement;
  readonly format: (value: number) => string;
  /** A value that the axis always shows: a threshold. */
  readonly atLeast?: number;
}

const HEIGHT = 190;
const AXIS_WIDTH = 68;
/** Half of the last time that is written below. */
const RIGHT_GAP = 28;
const DASH = [5, 4];
const MIN_WIDTH = 120;
const HEADROOM = 1.15;

/** Lines over time that keep to the theme and to the width of their place. */
export class Chart {
  readonly #options: ChartOptions;
  #plot: uPlot | undefined;
  #key = "";
  #data: uPlot.AlignedData = [[]];

  constructor(options: ChartOptions) {
    this.#options = options;
    new ResizeObserver(() => this.#resize()).observe(options.place);
  }

  /** The first list has the times, in Unix seconds; one list a line follows. */
  show(lines: readonly Line[], data: uPlot.AlignedData): void {
    this.#data = data;
    const key = JSON.stringify([lines, themed("--text"), themed("--line-1")]);
    if (key !== this.#key) {
      this.#key = key;
      this.#plot?.destroy();
      this.#plot = this.#build(lines);
    }
    this.#plot!.setData(data);
  }

  #build(lines: readonly Line[]): uPlot {
    const { place, format, atLeast = 0 } = this.#options;
    const grid = { stroke: themed("--grid"), width: 1 };
    const axis = { stroke: themed("--muted"), grid, ticks: grid, font: `12px ${themed("--font")}` };
    return new uPlot(
      {
        width: this.#width(),
        height: HEIGHT,
        padding: [8, RIGHT_GAP, 0, 0],
        cursor: { drag: { x: false, y: false } },
        scales: { y: { range: (_, __, max) => [0, Math.max(max * HEADROOM, atLeast) || 1] } },
        axes: [
          { ...axis, space: 80, values: (_, ticks) => ticks.map((tick) => formatClock(tick * MS_PER_SECOND)) },
          { ...axis, size: AXIS_WIDTH, values: (_, ticks) => ticks.map((tick) => format(tick)) },
        ],
        series: [
          { value: (_, seconds) => seconds === null ? "–" : formatClock(seconds * MS_PER_SECOND) },
          ...lines.map(({ label, color, isDashed }) => ({
            label,
            stroke: themed(color),
            width: 2,
            spanGaps: false,
            points: { show: false },
            ...(isDashed && { dash: DASH }),
            value: (_: uPlot, value: number | null) => value === null ? "–" : format(value),
          })),
        ],
      },
      this.#data,
      place,
    );
  }

  #width(): number {
    return Math.max(MIN_WIDTH, this.#options.place.clientWidth);
  }

  #resize(): void {
    const width = this.#width();
    if (this.#plot && this.#plot.width !== width) this.#plot.setSize({ width, height: HEIGHT });
  }
}
