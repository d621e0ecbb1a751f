import { fitText } from "./config-document.ts";
import type { Shown } from "./nip11.ts";
import type { RelayInfo, VirtualRelay } from "./virtual-relay.ts";
import { isSameWords } from "./writer.ts";

/** What zooid is to show of a relay, and what it held when all was last as wanted. */
export type Wanted = Pick<VirtualRelay, "presence" | "owner" | "blossom"> & {
  /** The relay's own pubkey. */
  self: string;
  words: RelayInfo;
};

/**
 * What a look at a relay's host comes to. `lost`: it should be served, and is not. `served`: it is, and
 * must not be. `different`: zooid has something of it that we did not want. `news`: its owner, or
 * somebody whom the owner lets manage it, gave it other words.
 */
export type Verdict =
  | { is: "well" | "lost" | "served" }
  | { is: "different"; how: string }
  | { is: "news"; info: RelayInfo };

/** Compares what is shown with what is wanted, as far as NIP-11 shows it. */
export function verdictOn(wanted: Wanted, shown: Shown): Verdict {
  const isOurs = typeof shown === "object" && shown.self === wanted.self;
  if (wanted.presence !== "live") return { is: isOurs ? "served" : "well" };
  if (shown === "nothing") return { is: "lost" };
  if (shown === "odd") return { is: "different", how: "odd" };
  const { owner, info, supports } = shown;
  if (!isOurs) return { is: "different", how: `self ${shown.self}` };
  if (owner !== wanted.owner) return { is: "different", how: `owner ${owner}` };
  // zooid names its features so: rooms, files, push callbacks, which are never on.
  const features = [supports.has("29"), supports.has("BUD-01"), supports.has("9a")];
  if (features.join() !== [true, wanted.blossom, false].join())
    return { is: "different", how: `features ${features}` };
  if (isSameWords(info, wanted.words)) return { is: "well" };
  const fit = {
    name: fitText("name", info.name),
    description: fitText("description", info.description),
    icon: fitText("icon", info.icon),
  };
  // Words that we would not send are written over by what is left of them.
  return isSameWords(fit, info) ? { is: "news", info } : { is: "different", how: "words" };
}
