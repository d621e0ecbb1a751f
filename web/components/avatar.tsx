import { createSignal, Show } from "solid-js";

/** A person's picture, through our own origin; without one, a pattern of their key's colour. */
export const Avatar = (props: { pubkey: string; picture: string | null; class?: string }) => {
  const [isBroken, setIsBroken] = createSignal(false);
  const hue = () => Number.parseInt(props.pubkey.slice(0, 4) || "0", 16) % 360;
  return (
    <span
      class={`grid size-8 place-items-center overflow-hidden rounded-full ${props.class ?? ""}`}
    >
      <Show
        when={props.picture && !isBroken() ? props.picture : null}
        fallback={
          <svg viewBox="0 0 32 32" aria-hidden="true" class="size-full">
            <rect width="32" height="32" fill={`oklch(0.62 0.09 ${hue()})`} />
            <circle cx="16" cy="13" r="5.5" fill={`oklch(0.96 0.02 ${hue()})`} />
            <path d="M5 32c1-8 6-11 11-11s10 3 11 11z" fill={`oklch(0.96 0.02 ${hue()})`} />
          </svg>
        }
      >
        {(picture) => (
          <img
            src={`/images?url=${encodeURIComponent(picture())}`}
            alt=""
            class="size-full object-cover"
            onError={() => setIsBroken(true)}
          />
        )}
      </Show>
    </span>
  );
};
