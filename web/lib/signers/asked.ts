/** What a signer was asked and has not answered: the person may have to open it. */
import { createSignal } from "solid-js";

type Asked = {
  by: "extension" | "remote";
  /** Where the signer wants the person to approve; null when it said nothing of it. */
  url: string | null;
};

const [asked, setAsked] = createSignal<Asked | null>(null);

export { asked, setAsked };
