/** One actor by itself: events in, what it asks for out, and time that moves when told to. */
import type { AnyStateMachine } from "xstate";
import type { CommunityContext } from "../../machines/community/context.ts";
import { communityMachine } from "../../machines/community/machine.ts";
import type { Create, Post, Tell } from "../../machines/durable.ts";
import type { InvoiceContext } from "../../machines/invoice/context.ts";
import { invoiceMachine } from "../../machines/invoice/machine.ts";
import type { RelayContext } from "../../machines/relay/context.ts";
import { relayMachine } from "../../machines/relay/machine.ts";
import type { TenantContext } from "../../machines/tenant/context.ts";
import { tenantMachine } from "../../machines/tenant/machine.ts";
import {
  answer,
  type Decision,
  decide,
  decideFirst,
  doneEvent,
  errorEvent,
  hydrate,
} from "../../server/host/xstate.ts";
import { invoiceInput, relayInput, T0, TENANT } from "./build.ts";
import { type ModelEvent, restOf } from "./model.ts";

export class LoneActor<C> {
  nowMs = T0;
  /** All that it created so far. */
  readonly allCreated: Create[] = [];
  #decision: Decision;

  constructor(
    readonly machine: AnyStateMachine,
    input: unknown,
  ) {
    this.#decision = decideFirst(machine, input, T0);
    this.allCreated.push(...this.created);
  }

  get context(): C {
    return this.#decision.persisted.context as C;
  }

  /** Where it rests; in `region` where it has several. */
  rest(region?: string): string {
    return restOf(this.#decision.persisted.value, region);
  }

  /** Whether a person may do this now. */
  allows(event: ModelEvent): boolean {
    return answer(this.machine, this.#snapshot(), event, this.nowMs) === "enabled";
  }

  send(event: ModelEvent): this {
    this.#decision = decide(this.machine, this.#snapshot(), event, this.nowMs);
    this.allCreated.push(...this.created);
    return this;
  }

  /** The work that it waits for gives this answer. @throws when it does not wait for that. */
  answers(invoke: string, output: unknown): this {
    this.#assertWaiting(invoke);
    return this.send(doneEvent(invoke, output));
  }

  /** The work that it waits for is refused for good. */
  refuses(invoke: string, code: string): this {
    this.#assertWaiting(invoke);
    return this.send(errorEvent(invoke, code));
  }

  /** Time passes; deadlines fall due when they do. */
  wait(ms: number): this {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const [first] = [...this.alarms].sort(([, a], [, b]) => a - b);
      if (!first || first[1] > untilMs) break;
      this.nowMs = first[1];
      this.send({ type: first[0] });
      if (this.alarms.get(first[0]) === first[1])
        throw new Error(`${first[0]} fired and its deadline still stands`);
    }
    this.nowMs = untilMs;
    return this;
  }

  get alarms(): Map<string, number> {
    return this.#decision.alarms;
  }

  /** What work the last event began, by its source. */
  get began(): string[] {
    return this.#decision.started.map(({ src }) => src);
  }

  /** What that work was given. */
  get inputs(): unknown[] {
    return this.#decision.started.map(({ input }) => input);
  }

  /** What it waits for, by id. */
  get waitsFor(): string[] {
    const { children } = this.#decision.persisted as unknown as { children: object };
    return Object.keys(children);
  }

  /** What the last event made it tell, as `[receiver, event, sats]`. */
  get told(): [string, Tell["event"], number][] {
    return this.#decision.outputs.flatMap((output) =>
      output.type === "tell"
        ? [
            [output.tell.to, output.tell.event, output.tell.sats ?? 0] as [
              string,
              Tell["event"],
              number,
            ],
          ]
        : [],
    );
  }

  get created(): Create[] {
    return this.#decision.outputs.flatMap((o) => (o.type === "create" ? [o.create] : []));
  }

  /** What of it the operator should know of. */
  get attention(): string | null {
    return this.#decision.attention;
  }

  get posted(): Post[] {
    return this.#decision.outputs.flatMap((o) => (o.type === "post" ? [o.post] : []));
  }

  #snapshot() {
    return hydrate(this.machine, this.#decision.snapshot);
  }

  #assertWaiting(invoke: string): void {
    if (!this.waitsFor.includes(invoke))
      throw new Error(
        `${this.machine.id} waits for ${this.waitsFor.join() || "nothing"}, not ${invoke}`,
      );
  }
}

export const aRelay = (...input: Parameters<typeof relayInput>) =>
  new LoneActor<RelayContext>(relayMachine, relayInput(...input));
export const anInvoice = (...input: Parameters<typeof invoiceInput>) =>
  new LoneActor<InvoiceContext>(invoiceMachine, invoiceInput(...input));
export const aTenant = () => new LoneActor<TenantContext>(tenantMachine, { pubkey: TENANT });
/** @param limit - seats, the owner's among them */
export const aCommunity = (limit: number | null) =>
  new LoneActor<CommunityContext>(communityMachine, {
    ...{ relay: "r1", tenant: TENANT, limit, isServed: true },
  });
