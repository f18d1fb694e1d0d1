import { suggestion } from "../../util/nearest.ts";
import type { Choice } from "../command.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../exit.ts";
import { COMMON_FLAGS } from "../flags.ts";
import { BAN_VIEWS } from "./ban_views.ts";
import { CHAIN_VIEWS } from "./chain_views.ts";
import { DOCTOR_VIEWS } from "./doctor_views.ts";
import { EVENT_VIEWS } from "./event_views.ts";
import { INSPECT_FLAGS, LIVE_FLAGS, type ViewFlag } from "./flags.ts";
import { NETWORK_VIEWS } from "./network_views.ts";
import { NODE_VIEWS } from "./node_views.ts";
import { PEER_VIEWS } from "./peer_views.ts";
import type { View, ViewTable } from "./view.ts";
import { WIRE_VIEWS } from "./wire_views.ts";

/** Everything that `p2p inspect` can be asked, by the word that asks for it; one file a group. */
export const VIEWS: ViewTable = {
  ...NODE_VIEWS,
  ...PEER_VIEWS,
  ...CHAIN_VIEWS,
  ...NETWORK_VIEWS,
  ...BAN_VIEWS,
  ...EVENT_VIEWS,
  ...DOCTOR_VIEWS,
  ...WIRE_VIEWS,
};

/** The views as help and completion show them. */
export const VIEW_CHOICES: readonly Choice[] = Object.entries(VIEWS).map(([word, view]) => {
  const { summary, columns } = view;
  return { word, summary, takes: flagsOf(view, true), ...(columns && { columns }) };
});

/** A path has a slash or a dot in it; no view has. */
const PATH = /[./\\]/;

/** The view that the word names, if it can do something with those that follow, and what it looks at. Throws UsageError. */
export function chooseView(
  what: string,
  words: readonly string[],
): { readonly view: View; readonly id: string } {
  if (PATH.test(what)) return chooseView("file", [what, ...words]);
  const [id, ...more] = words;
  const view = Object.hasOwn(VIEWS, what) ? VIEWS[what] : undefined;
  if (!view) {
    const names = Object.keys(VIEWS);
    throw new UsageError(
      `cannot inspect ${JSON.stringify(what)}${suggestion(what, names) || `: one of ${names.join(", ")}`}`,
    );
  }
  if (view.subject !== undefined && id === undefined) throw new UsageError(`inspect ${what} needs ${view.subject}`);
  if (view.subject === undefined && id !== undefined) {
    throw new UsageError(`inspect ${what} takes no ${JSON.stringify(id)}`);
  }
  if (more.length > 0 && !view.isSpaced) throw new UsageError(`unexpected word ${JSON.stringify(more[0])}`);
  return { view, id: words.join(" ") };
}

/** A flag that would change nothing is a misunderstanding. */
export function refuseOthersFlags({ resolved }: Context, view: View): void {
  const isGiven = (flag: string) => resolved.get(flag)?.source === `--${flag}`;
  const isLive = isGiven("live");
  for (const flag of Object.keys(INSPECT_FLAGS) as (keyof typeof INSPECT_FLAGS)[]) {
    if (flag in COMMON_FLAGS || flagsOf(view, isLive).includes(flag as ViewFlag) || !isGiven(flag)) continue;
    const owners = Object.entries(VIEWS).filter(([, other]) => flagsOf(other, false).includes(flag as ViewFlag));
    const names = owners.length === 0 ? [] : [`inspect ${owners.map(([name]) => name).join(", ")}`];
    const live = LIVE_FLAGS.some((other) => other === flag) ? ["--live"] : [];
    throw new UsageError(`--${flag} goes with ${[...names, ...live].join(" and ")} only`);
  }
}

function flagsOf({ takes, hasLive = false }: View, isLive: boolean): readonly ViewFlag[] {
  if (!hasLive) return takes;
  return isLive ? [...takes, "live", ...LIVE_FLAGS] : [...takes, "live"];
}
