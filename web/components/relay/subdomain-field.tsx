import { CircleCheck, CircleX, Info } from "lucide-solid";
import { createEffect, type JSX, Match, Show, Switch } from "solid-js";
import { SUBDOMAIN_MAX, SUBDOMAIN_MIN } from "../../../machines/names.ts";
import { relayDomain } from "../../lib/page/settings.ts";
import { type Availability, createAvailability } from "../../lib/relays/availability.ts";
import { Field } from "../../ui/field.tsx";
import { Spinner } from "../../ui/spinner.tsx";

/** What people type that could be meant for a name: case is ignored, spaces and underscores are dashes. */
const nameOf = (typed: string): string => typed.toLowerCase().replace(/[\s_]+/g, "-");

/**
 * The subdomain of a relay, and whether it is free, as it is typed.
 * @param props.own - what it is called now. @param props.kept - names kept for this owner alone
 * @param props.error - what the server said of it; it goes when something else is typed
 * @param props.onAvailability - told whenever it changes
 */
export const SubdomainField = (props: {
  value: string;
  onInput: (value: string) => void;
  own?: string;
  kept?: readonly string[];
  /** Of mine, which are ordered and not paid: by name, until when, and what to say beside it. */
  reserved?: (name: string) => JSX.Element | null;
  error?: string | null;
  label?: string;
  onAvailability?: (availability: Availability) => void;
  ref?: (element: HTMLElement) => void;
}) => {
  const availability = createAvailability(
    () => props.value,
    () => props.own,
    () => props.kept ?? [],
  );
  createEffect(() => props.onAvailability?.(availability()));

  return (
    <div class="flex flex-col gap-1.5">
      <Field
        label={props.label ?? "Address"}
        name="subdomain"
        value={props.value}
        onInput={(typed) => props.onInput(nameOf(typed))}
        error={props.error}
        suffix={`.${relayDomain}`}
        inputMode="url"
        maxLength={SUBDOMAIN_MAX + 10}
        mono
        ref={props.ref}
      />
      {/* Always there, so that what is put into it is read out. */}
      <div aria-live="polite" class="min-h-[21px] text-sm text-soft">
        <Show when={!props.error}>
          <Show
            when={props.reserved?.(props.value)}
            fallback={<Verdict is={availability()} name={props.value} />}
          >
            {(said) => said()}
          </Show>
        </Show>
      </div>
    </div>
  );
};

const HINT = `${SUBDOMAIN_MIN} to ${SUBDOMAIN_MAX} lower-case letters, digits and dashes.`;
const lineClass = "flex items-start gap-1.5 [&_svg]:mt-[3px] [&_svg]:size-4 [&_svg]:shrink-0";

const Verdict = (props: { is: Availability; name: string }) => {
  const words = () => ("words" in props.is ? props.is.words : "");
  const address = () => `${props.name}.${relayDomain}`;
  return (
    <Switch fallback={<p>{HINT}</p>}>
      <Match when={props.is.is === "own"}>
        <p>This is its address now.</p>
      </Match>
      <Match when={props.is.is === "unfinished"}>
        <p>{words()}</p>
      </Match>
      <Match when={props.is.is === "checking"}>
        <p class={lineClass}>
          <Spinner /> <span>Checking whether it is free.</span>
        </p>
      </Match>
      <Match when={props.is.is === "free"}>
        <p class={`${lineClass} text-active`}>
          <CircleCheck aria-hidden="true" />
          <span class="min-w-0 break-words">{address()} is free.</span>
        </p>
      </Match>
      <Match when={props.is.is === "kept"}>
        <p class={`${lineClass} text-active`}>
          <CircleCheck aria-hidden="true" />
          <span class="min-w-0 break-words">{address()} is kept for you.</span>
        </p>
      </Match>
      <Match when={props.is.is === "refused"}>
        <p class={`${lineClass} text-suspended`}>
          <CircleX aria-hidden="true" /> <span>{words()}</span>
        </p>
      </Match>
      <Match when={props.is.is === "unknown"}>
        <p class={`${lineClass} text-grace`}>
          <Info aria-hidden="true" /> <span>{words()}</span>
        </p>
      </Match>
    </Switch>
  );
};
