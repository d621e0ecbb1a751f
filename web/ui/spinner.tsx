/** Something is under way; the words beside it say what. */
export const Spinner = (props: { class?: string }) => (
  <svg
    aria-hidden="true"
    viewBox="0 0 16 16"
    class={`size-4 motion-safe:animate-spin ${props.class ?? ""}`}
  >
    <circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="2" opacity="0.25" />
    <path
      d="M14 8a6 6 0 0 0-6-6"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
    />
  </svg>
);
