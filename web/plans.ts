import type { Static } from "@sinclair/typebox";
import type { plan } from "../server/routes/shapes.ts";
import { ask, element, tell } from "./ask.ts";

type Plan = Static<typeof plan>;

const sats = new Intl.NumberFormat("en-US");

/** The catalogue, as the server sells it. */
export function showPlans(): void {
  const catalogue = element("catalogue");
  const state = element("catalogue-state");
  const retry = element<HTMLButtonElement>("catalogue-retry");

  async function load(): Promise<void> {
    catalogue.ariaBusy = "true";
    tell(state, "busy", "Loading the plans.");
    const answer = await ask<{ items: Plan[] }>("/plans");
    catalogue.ariaBusy = "false";
    const isLoaded = answer.is === "answer";
    state.hidden = isLoaded;
    if (isLoaded) {
      if (document.activeElement === retry) element("plans-title").focus();
      catalogue.replaceChildren(listOf(answer.body.items));
    } else if (answer.is === "offline")
      tell(state, "odd", "You are offline. The plans load when you are back.");
    else tell(state, "bad", "The plans could not be loaded. Prices are unchanged.");
    retry.hidden = isLoaded;
    if (!isLoaded) window.addEventListener("online", () => void load(), { once: true });
  }
  retry.addEventListener("click", () => void load());
  void load();
}

function listOf(plans: Plan[]): HTMLElement {
  const list = make("ul", "plans");
  list.append(
    ...plans.map((plan) => {
      const card = make("li", "plan");
      card.append(
        make("h3", "", plan.name),
        make("strong", "", sats.format(plan.price)),
        make("span", "soft", "sats a month"),
        featuresOf(plan),
      );
      return card;
    }),
  );
  return list;
}

function featuresOf(plan: Plan): HTMLElement {
  const features = make("ul", "soft");
  const members =
    plan.member_limit === null ? "unlimited members" : `up to ${plan.member_limit} members`;
  features.append(make("li", "", members), make("li", "", "rooms and invites"));
  if (plan.blossom) features.append(make("li", "", "media with Blossom"));
  if (plan.livekit) features.append(make("li", "", "calls with LiveKit"));
  return features;
}

function make(tag: string, className: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}
