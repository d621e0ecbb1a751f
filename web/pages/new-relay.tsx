import { A, useNavigate, useSearchParams } from "@solidjs/router";
import { createSignal, Show } from "solid-js";
import { statusOf } from "../../machines/describe.ts";
import {
  DESCRIPTION_MAX,
  NAME_MAX,
  subdomainProblem,
  suggestedSubdomain,
} from "../../machines/names.ts";
import { type PlanId, planIds, plans } from "../../machines/plans.ts";
import { PageTitle } from "../components/page-title.tsx";
import { OwnReservation } from "../components/relay/own-reservation.tsx";
import { PlanPicker } from "../components/relay/plan-picker.tsx";
import { SubdomainField } from "../components/relay/subdomain-field.tsx";
import { Standing } from "../components/standing.tsx";
import { ApiProblem, api, ask, wordsOf } from "../lib/api/api.ts";
import { useLive } from "../lib/live/live.ts";
import { createDraft } from "../lib/page/draft.ts";
import type { Availability } from "../lib/relays/availability.ts";
import { keptNames } from "../lib/relays/kept-names.ts";
import { sats } from "../lib/words/format.ts";
import { Button, buttonVariants } from "../ui/button.tsx";
import { Callout } from "../ui/callout.tsx";
import { Field } from "../ui/field.tsx";

const isPlan = (text: unknown): text is PlanId => planIds.includes(text as PlanId);

/** The order of a relay. A paid one leads to its checkout. */
const NewRelayPage = () => {
  const live = useLive();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const { draft, set, forget } = createDraft("berth.new-relay", {
    name: "",
    subdomain: "",
    /** Once it is typed by hand it no longer follows the name. */
    isOwnSubdomain: false as boolean,
    description: "",
    plan: null as PlanId | null,
    /** Under it the order is made once, however often it is sent. */
    key: "",
    /** What was sent under it. */
    sent: "",
  });
  if (isPlan(search.plan)) set("plan", search.plan);
  const [errors, setErrors] = createSignal<Record<string, string>>({});
  const [problem, setProblem] = createSignal<string | null>(null);
  const [isSending, setIsSending] = createSignal(false);
  const [availability, setAvailability] = createSignal<Availability>({ is: "empty" });
  let form: HTMLFormElement | undefined;

  const clear = (field: string): void => {
    setErrors(({ [field]: _, ...rest }) => rest);
    setProblem(null);
  };
  const typeName = (name: string): void => {
    clear("name");
    set("name", name);
    if (draft.isOwnSubdomain) return;
    clear("subdomain");
    set("subdomain", suggestedSubdomain(name));
  };
  const typeSubdomain = (subdomain: string): void => {
    clear("subdomain");
    // Emptied, it follows the name again.
    set({ subdomain, isOwnSubdomain: subdomain !== "" });
  };

  /** By field what is missing, before anything is sent. */
  function missing(): Record<string, string> {
    const found: Record<string, string> = {};
    if (draft.name.trim() === "") found.name = "Give your relay a name.";
    const wrong = subdomainProblem(draft.subdomain);
    const refused = availability();
    if (draft.subdomain === "") found.subdomain = "Choose an address.";
    else if (wrong) found.subdomain = `Please ${wrong.fix}.`;
    else if (refused.is === "refused") found.subdomain = refused.words;
    if (draft.plan === null) found.plan = "Choose a plan.";
    return found;
  }

  async function order(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (isSending()) return;
    setProblem(null);
    const found = missing();
    setErrors(found);
    const { plan } = draft;
    if (Object.keys(found).length > 0 || plan === null) return focusFirst();
    const body = {
      name: draft.name.trim(),
      subdomain: draft.subdomain,
      description: draft.description.trim(),
      plan,
    };
    const sent = JSON.stringify(body);
    // The same order again, as after a lost answer, is the same; another one is another.
    if (draft.sent !== sent) set({ sent, key: crypto.randomUUID() });
    setIsSending(true);
    try {
      const { relay, invoice } = await ask(
        api.tenant.relays.post(body, { headers: { "idempotency-key": draft.key } }),
      );
      set("sent", "");
      forget();
      navigate(invoice ? `/account?invoice=${invoice.id}` : `/relays?new=${relay.id}`);
    } catch (error) {
      refuse(error);
    } finally {
      setIsSending(false);
    }
  }

  function refuse(error: unknown): void {
    const fields = error instanceof ApiProblem ? { ...error.fields } : {};
    if (error instanceof ApiProblem && error.code.startsWith("subdomain_"))
      fields.subdomain ??= error.message;
    setErrors(fields);
    if (Object.keys(fields).length === 0) setProblem(wordsOf(error));
    focusFirst();
  }
  const focusFirst = (): void => {
    queueMicrotask(() =>
      form?.querySelector<HTMLElement>("[aria-invalid=true], [role=alert]")?.focus(),
    );
  };

  /** What was ordered here although its answer was lost: its name is taken by oneself. */
  const placed = () => {
    if (draft.sent === "" || isSending()) return undefined;
    return live
      .relays()
      .find(
        ({ value, context: c }) =>
          c.subdomain === draft.subdomain && statusOf(value) !== "deactivated",
      )?.context;
  };

  /** The order of one's own that holds a name until it is paid. */
  const reserved = (name: string) => {
    const relay = live
      .relays()
      .find(({ context: c }) => c.subdomain === name && c.closedAt === null);
    const id = relay && live.tenant()?.context.seats[relay.context.id]?.invoice;
    const bill = id ? live.invoice(id)?.context : undefined;
    if (!relay || !bill || bill.purpose !== "purchase" || bill.closesAt === null) return null;
    return <OwnReservation relay={relay} invoice={{ id: bill.id, closesAt: bill.closesAt }} />;
  };

  const price = () => (draft.plan === null ? null : plans[draft.plan].priceSats);
  return (
    <div class="page">
      <PageTitle
        title="New relay"
        lead="Free starts at once. A paid plan starts when it is paid."
      />
      <Standing />
      <Show when={placed()}>
        {(relay) => (
          <Callout
            tone="harbour"
            role="status"
            title="You have ordered this relay already"
            class="mb-6 max-w-[640px]"
          >
            <p>The answer was lost on its way, and the order was not.</p>
            <A
              href={`/relays/${relay().id}`}
              class={`${buttonVariants({ size: "small" })} mt-3`}
              onClick={() => forget()}
            >
              Go to {relay().name}
            </A>
          </Callout>
        )}
      </Show>
      <form ref={form} onSubmit={order} novalidate class="flex flex-col gap-8">
        <div class="flex max-w-[640px] flex-col gap-6">
          <Field
            label="Name"
            name="name"
            value={draft.name}
            onInput={typeName}
            maxLength={NAME_MAX}
            placeholder="Book club"
            hint="What members see. You can change it later."
            error={errors().name}
            autofocus={draft.name === ""}
          />
          <SubdomainField
            value={draft.subdomain}
            onInput={typeSubdomain}
            kept={keptNames(live.relays())}
            reserved={reserved}
            error={errors().subdomain}
            onAvailability={setAvailability}
          />
          <Field
            label={
              <>
                Description <span class="font-normal text-soft">(optional)</span>
              </>
            }
            name="description"
            value={draft.description}
            onInput={(description) => {
              clear("description");
              set("description", description);
            }}
            maxLength={DESCRIPTION_MAX}
            lines={3}
            hint="Who meets here, and what for."
            error={errors().description}
          />
        </div>
        <div>
          <PlanPicker
            label="Plan"
            value={draft.plan}
            onChange={(plan) => {
              clear("plan");
              set("plan", plan);
            }}
          />
          <Show when={errors().plan}>
            {(words) => (
              <p role="alert" tabIndex={-1} class="mt-2 text-sm text-suspended">
                {words()}
              </p>
            )}
          </Show>
        </div>
        <Show when={problem()}>
          {(words) => (
            <div role="alert" tabIndex={-1} class="max-w-[640px]">
              <Callout tone="suspended">{words()}</Callout>
            </div>
          )}
        </Show>
        <div class="flex flex-wrap items-center gap-x-5 gap-y-3">
          <Button type="submit" variant="buoy" busy={isSending()} disabled={live.isSuspended()}>
            {price() ? `Continue to payment · ${sats(price() ?? 0)}` : "Create relay"}
          </Button>
          <p class="text-[15px] text-soft">
            <Show when={draft.plan !== null}>
              {price()
                ? "Your name is reserved for 24 hours. The month begins when the relay is running."
                : "It usually runs within a second or two."}
            </Show>
          </p>
        </div>
      </form>
    </div>
  );
};
export default NewRelayPage;
