import { createSignal } from "solid-js";

/** The bolt11 that the present page asks to pay; null on every other. */
export const [payable, setPayable] = createSignal<string | null>(null);
