import { Images, KeyRound, MessagesSquare, ShieldCheck, Users, Video } from "lucide-solid";
import { For, type JSX } from "solid-js";
import { Dynamic } from "solid-js/web";
import { hasCalls } from "../../lib/plans/plan-words.ts";
import { Part } from "./part.tsx";
import { BillPicture, MessagePicture, RelaysPicture } from "./pictures.tsx";

const CALLS = {
  icon: Video,
  title: "Calls",
  words: "Voice and video by LiveKit. Basic and Growth.",
};

const GIVEN = [
  { icon: Users, title: "Members and invites", words: "A code to share, and a list of who came." },
  { icon: MessagesSquare, title: "Rooms", words: "Open or closed, in clients that know groups." },
  { icon: Images, title: "Media", words: "Pictures and files by Blossom. Basic and Growth." },
  ...(hasCalls ? [CALLS] : []),
  {
    icon: ShieldCheck,
    title: "Your rules",
    words: "Who may join, read and write is yours to set.",
  },
  { icon: KeyRound, title: "Everyone's own key", words: "No passwords here that could leak." },
];

const SHOWN: { title: string; words: string[]; picture: () => JSX.Element }[] = [
  {
    title: "You see the state it is in",
    words: [
      "Every relay and every invoice is a state machine, on our server and on your page. It says what it is doing, what happens next, and when.",
      "When you pay, the page knows within a second. Nobody has to press a button.",
    ],
    picture: () => <RelaysPicture />,
  },
  {
    title: "Late is not lost",
    words: [
      "Past its date your relay runs on for seven days. Your account says so, and a private message comes to your Nostr inbox: when an invoice is due, and with three days and one day left.",
      "After that it is suspended: name and data are kept. Pay, and it is back within seconds. Days that it was dark are not billed.",
    ],
    picture: () => <MessagePicture />,
  },
  {
    title: "One invoice, or none to think of",
    words: [
      "All your relays come on one invoice a month, to be paid from any Lightning wallet.",
      "Or connect your wallet once (NWC), with a budget that you set there, and each month is paid by itself. You get the receipt.",
    ],
    picture: () => <BillPicture />,
  },
];

/** What one gets, with pictures of the thing itself. */
export const Features = () => (
  <Part id="features" title="What you get">
    <ul class="mt-10 grid gap-x-8 gap-y-8 sm:grid-cols-2 lg:grid-cols-3">
      <For each={GIVEN}>
        {(given) => (
          <li class="flex gap-4">
            <Dynamic
              component={given.icon}
              aria-hidden="true"
              class="mt-0.5 size-5 shrink-0 text-harbour"
            />
            <div>
              <h3 class="text-[17px] font-semibold">{given.title}</h3>
              <p class="mt-1 text-[15px] text-soft">{given.words}</p>
            </div>
          </li>
        )}
      </For>
    </ul>
    <div class="mt-20 flex flex-col gap-20 max-md:mt-16 max-md:gap-16">
      <For each={SHOWN}>
        {(shown, index) => (
          <div class="grid grid-cols-[minmax(0,1fr)] items-center gap-x-16 gap-y-8 md:grid-cols-2">
            <div class={index() % 2 === 1 ? "md:order-2" : undefined}>
              <h3 class="text-[28px] max-sm:text-2xl">{shown.title}</h3>
              <For each={shown.words}>
                {(words) => <p class="mt-4 max-w-[34em] text-soft">{words}</p>}
              </For>
            </div>
            {shown.picture()}
          </div>
        )}
      </For>
    </div>
  </Part>
);
