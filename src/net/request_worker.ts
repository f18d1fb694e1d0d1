import { LACKED_METHOD_MS, MAX_LACKED_METHODS } from "../protocol/balancing_params.ts";
import type { Wish } from "./any_of.ts";
import type { Member } from "./balancing/member.ts";

/** What a peer says of itself. It is believed as far as it only harms itself. */
export interface PeerAbilities {
  readonly region: string;
  readonly capabilities: readonly string[];
  /** Share of its resources in use, 0 to 1. */
  readonly load: number;
  readonly isDraining: boolean;
}

/** One peer that takes requests: how it does, and what it is able to do. */
export class Worker {
  readonly member: Member;
  #capabilities: ReadonlySet<string> | undefined;
  /** Methods that it said it has none of, and until when that is believed. */
  #lacks: Map<string, number> | undefined;

  constructor(member: Member) {
    this.member = member;
  }

  describe({ region, capabilities, load, isDraining }: PeerAbilities): void {
    this.member.region = region;
    this.member.load = load;
    this.member.saysItDrains = isDraining;
    this.#capabilities = capabilities.length > 0 ? new Set(capabilities) : undefined;
  }

  /** Whether it is one that a request wishes for. */
  fits({ capability, peers }: Wish, method: string, now: number): boolean {
    if (capability !== undefined && !this.#capabilities?.has(capability)) return false;
    if (peers && !peers.includes(this.member.id)) return false;
    return (this.#lacks?.get(method) ?? Number.NEGATIVE_INFINITY) <= now;
  }

  /** It said that it has no such method. */
  noteLack(method: string, now: number): void {
    const lacks = this.#lacks ??= new Map();
    lacks.delete(method);
    lacks.set(method, now + LACKED_METHOD_MS);
    if (lacks.size <= MAX_LACKED_METHODS) return;
    const [oldest] = lacks.keys();
    lacks.delete(oldest!);
  }
}
