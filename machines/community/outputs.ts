/** What a community has written down of people: rows that go with an answer, by name. */
import type { Post } from "../durable.ts";
import type { Admitted, CommunityContext, Compared, ErrandResult, Ran } from "./context.ts";

type In<O> = { context: CommunityContext; event: { output: O } };

/** Somebody had a seat, and zooid will not be told: it is free again. */
export const isSeatGivenBack = ({ act, code }: ErrandResult): boolean =>
  act === "allow" && code !== null;

/** What became of each errand, and of whom it was about. */
export const ran = {
  type: "post" as const,
  params: ({ event: { output } }: In<Ran>): Post[] =>
    output.results.map((result) => ({ fact: "errand", ...result })),
};

/** Who was let in from the waiting list, by the number of the errand that tells zooid. */
export const admitted = {
  type: "post" as const,
  params: ({ context: c, event: { output } }: In<Admitted>): Post[] =>
    output.people.map((one, index) => ({ fact: "admitted", ...one, n: c.asked + index + 1 })),
};

/** What happened to people without us. Nothing is made of a list that cannot be trusted. */
export const compared = {
  type: "post" as const,
  params: ({ event: { output: o } }: In<Compared>): Post[] => {
    const told: Post[] = o.restored.map((pubkey) => ({
      fact: "person",
      pubkey,
      is: "restored",
      since: null,
    }));
    if (!o.isTrusted) return told;
    const seen = (is: "gone" | "banned" | "unbanned", pubkeys: string[]): Post[] =>
      pubkeys.map((pubkey) => ({ fact: "person", pubkey, is, since: null }));
    return [
      ...told,
      ...o.came.map(({ pubkey, since }): Post => ({ fact: "person", pubkey, is: "came", since })),
      ...seen("gone", o.gone),
      ...seen("banned", o.banned),
      ...seen("unbanned", o.unbanned),
    ];
  },
};
