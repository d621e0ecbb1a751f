import { npubEncode } from "nostr-tools/nip19";
import type { JSX } from "solid-js";
import { login } from "../../lib/signers/session.ts";
import { short } from "../../lib/words/format.ts";
import { CopyButton } from "../copy.tsx";
import { BackUp } from "./back-up.tsx";
import { Section } from "./section.tsx";

/** Who this account belongs to. */
const Key = () => {
  const pubkey = () => login()?.pubkey ?? "";
  const npub = () => (pubkey() === "" ? "" : npubEncode(pubkey()));
  return (
    <Section
      title="Your key"
      lead="This account is your Nostr key. There is no password and no e-mail; whoever signs with this key is you."
    >
      <dl class="divide-y divide-line overflow-hidden rounded-card border border-line bg-raised">
        <Line label="npub" value={npub()} short={short(npub(), 14, 8)} copy="Copy npub" />
        <Line label="Hex" value={pubkey()} short={short(pubkey(), 14, 8)} copy="Copy hex key" />
      </dl>
      <BackUp />
    </Section>
  );
};

export default Key;

const Line = (props: {
  label: string;
  value: string;
  short: string;
  copy: string;
}): JSX.Element => (
  <div class="grid min-h-14 grid-cols-[72px_1fr_auto] items-center gap-x-3 py-1.5 pr-2 pl-5 max-sm:grid-cols-[48px_1fr_auto] max-sm:pl-4">
    <dt class="text-sm text-soft">{props.label}</dt>
    <dd class="min-w-0 truncate font-mono text-sm">
      <span class="max-lg:hidden">{props.value}</span>
      <span class="lg:hidden">{props.short}</span>
    </dd>
    <dd>
      <CopyButton text={props.value} label={props.copy} size="icon" variant="ghost" />
    </dd>
  </div>
);
