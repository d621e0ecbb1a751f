/** A berth with a buoy in it. */
export const Mark = (props: { class?: string }) => (
  <svg viewBox="0 0 32 32" aria-hidden="true" class={props.class ?? "size-7"}>
    <path
      d="M6 4v12a10 10 0 0 0 20 0V4"
      class="fill-none stroke-harbour"
      stroke-width="4.5"
      stroke-linecap="round"
    />
    <circle cx="16" cy="12" r="4.5" class="fill-buoy" />
  </svg>
);
