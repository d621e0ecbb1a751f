import { For, type JSX } from "solid-js";
import { Part } from "./part.tsx";
import { AddressPicture, CheckoutPicture, NamePicture } from "./pictures.tsx";

const PICTURE = "lg:h-[184px]";
const STEPS: { title: string; words: string; picture: () => JSX.Element }[] = [
  {
    title: "Choose a name",
    words: "Log in with the Nostr key you have, or make one here. The name becomes the address.",
    picture: () => <NamePicture class={PICTURE} />,
  },
  {
    title: "Pay a Lightning invoice",
    words: "From any wallet. The page sees the payment by itself. The free plan skips this step.",
    picture: () => <CheckoutPicture class={PICTURE} />,
  },
  {
    title: "Share the address",
    words: "Open it in Flotilla, Coracle or another Nostr client, and invite your members.",
    picture: () => <AddressPicture class={PICTURE} />,
  },
];

/** From nothing to a running relay. */
export const Steps = () => (
  <Part id="steps" title="Three steps to a running relay">
    <ol class="mt-10 grid grid-cols-[minmax(0,1fr)] gap-x-6 gap-y-12 lg:grid-cols-3">
      <For each={STEPS}>
        {(step, index) => (
          <li class="min-w-0">
            {step.picture()}
            <h3 class="mt-5 text-xl">
              <span class="text-soft">{index() + 1}.</span> {step.title}
            </h3>
            <p class="mt-2 text-soft">{step.words}</p>
          </li>
        )}
      </For>
    </ol>
  </Part>
);
