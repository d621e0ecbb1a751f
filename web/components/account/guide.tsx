import { Card } from "../../ui/card.tsx";
import { Disclosure } from "../../ui/disclosure.tsx";

/** How to make a connection that can do this and nothing else. */
export const Guide = () => (
  <Card class="flex flex-col gap-2">
    <h3 class="text-lg">How to get a connection</h3>
    <p class="text-[15px] text-soft">
      Any wallet with Nostr Wallet Connect (NWC) will do. Allow it to pay invoices and nothing else,
      with a monthly budget.
    </p>
    <div>
      <Disclosure title="Alby Hub">
        <ol class="mb-2 flex list-decimal flex-col gap-1 pl-6 text-[15px] text-soft">
          <li>Open Connections and add one. Name it Berth.</li>
          <li>Choose custom permissions: only sending payments (pay_invoice).</li>
          <li>Set the budget above, renewed monthly, and no end date.</li>
          <li>Copy the connection secret and paste it here.</li>
        </ol>
      </Disclosure>
      <Disclosure title="Another wallet">
        <ol class="mb-2 flex list-decimal flex-col gap-1 pl-6 text-[15px] text-soft">
          <li>Look in its settings for NWC, Nostr Wallet Connect or connected apps.</li>
          <li>Make a new connection, with the budget above if it has budgets.</li>
          <li>
            Copy the text that begins with{" "}
            <span class="font-mono text-sm break-all">nostr+walletconnect://</span> and paste it
            here.
          </li>
        </ol>
      </Disclosure>
    </div>
  </Card>
);
