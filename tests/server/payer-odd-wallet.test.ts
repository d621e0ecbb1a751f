import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Event } from "nostr-tools/core";
import * as nip04 from "nostr-tools/nip04";
import * as nip44 from "nostr-tools/nip44";
import { finalizeEvent, generateSecretKey, getPublicKey } from "nostr-tools/pure";
import { bytesToHex } from "nostr-tools/utils";
import { createOutbound } from "../../server/outbound/outbound.ts";
import { nwcUrl } from "../../server/sandbox/nip47.ts";
import { Secret } from "../../server/secrets.ts";
import { createPayer, type PayOutcome } from "../../server/wallet/payer.ts";
import { type OddRelay, startOddRelay } from "./odd-relay.ts";

const never = new AbortController().signal;
const walletKey = generateSecretKey();
const clientKey = generateSecretKey();
const [wallet, client] = [getPublicKey(walletKey), getPublicKey(clientKey)];
const { connect } = createOutbound({ allowLoopback: true });
const payer = createPayer({ connect, timeoutMs: 4_000 });
const patient = createPayer({ connect, timeoutMs: 10_000 });
/** For answers that do not come. */
const hasty = createPayer({ connect, timeoutMs: 700 });
const PREIMAGE = "ab".repeat(32);
const WORDS = "what the wallet wrote";

type Answering = (request: Event, send: (event: unknown) => void) => void;
let relay: OddRelay;
let url: Secret;
let info: unknown[];
/** What it sends of its own accord when the wallet's answers are subscribed to. */
let stored: (send: (event: unknown) => void) => void;
let answer: Answering;

beforeEach(() => {
  info = [event(13194, [["encryption", "nip04 nip44_v2"]], "pay_invoice")];
  stored = () => {};
  answer = (request, send) => send(answerTo(request, paid()));
  relay = startOddRelay(([type, subject, third], send) => {
    if (type === "EVENT") {
      const request = subject as Event;
      send("OK", request.id, true, "");
      answer(request, (one) => send("EVENT", listening, one));
    } else if (type === "REQ") {
      if ((third as { kinds: number[] }).kinds.includes(13194)) {
        for (const one of info) send("EVENT", subject, one);
      } else {
        listening = subject;
        stored((one) => send("EVENT", subject, one));
      }
      send("EOSE", subject);
    }
  });
  url = new Secret(nwcUrl(wallet, relay.url, bytesToHex(clientKey)));
});
afterEach(() => relay.stop());
/** What clients listen with. */
let listening: unknown;

function event(kind: number, tags: string[][], content: string, key = walletKey): Event {
  const created_at = Math.floor(Date.now() / 1_000);
  const signed = finalizeEvent({ kind, tags, content, created_at }, key);
  return JSON.parse(JSON.stringify(signed));
}

const paid = (result: unknown = { preimage: PREIMAGE, fees_paid: 1_001 }) => ({
  ...{ result_type: "pay_invoice", error: null },
  result,
});

const seal = (text: string) => nip44.encrypt(text, nip44.getConversationKey(walletKey, client));

function answerTo(
  request: { id: string; pubkey: string },
  content: unknown,
  o: { key?: Uint8Array; tags?: string[][] } = {},
): Event {
  const tags = o.tags ?? [
    ["p", request.pubkey],
    ["e", request.id],
  ];
  const text = typeof content === "string" ? content : JSON.stringify(content);
  return event(23195, tags, seal(text), o.key);
}

async function pay(by = payer): Promise<PayOutcome> {
  const signed = await payer.sign(url, { bolt11: "lnbcrt1", expiresInSeconds: 60 }, never);
  return await by.send(url, signed, never);
}

const requests = () => relay.received.filter(([type]) => type === "EVENT");

describe("an answer", () => {
  test("counts only if it is the wallet's, to this request, and to us", async () => {
    const [stranger, other] = [generateSecretKey(), "0".repeat(64)];
    answer = (request, send) => {
      const rejected = { error: { code: "UNAUTHORIZED", message: "" } };
      const genuine = answerTo(request, rejected);
      send(answerTo(request, rejected, { key: stranger }));
      send(answerTo(request, rejected, { tags: [["p", client]] }));
      send(answerTo(request, rejected, { tags: [["e", request.id]] }));
      send(
        answerTo(request, rejected, {
          tags: [
            ["p", client],
            ["e", other],
          ],
        }),
      );
      send(
        answerTo(request, rejected, {
          tags: [
            ["p", other],
            ["e", request.id],
          ],
        }),
      );
      send({ ...genuine, sig: "0".repeat(128) });
      send({ ...genuine, pubkey: getPublicKey(stranger) });
      send({ ...answerTo(request, paid()), content: genuine.content });
      send(event(23197, genuine.tags, genuine.content));
      for (const odd of [null, 1, "x", [], {}]) send(odd);
      send(answerTo(request, paid()));
    };
    expect(await pay()).toEqual({ outcome: "paid", preimage: PREIMAGE, feesSats: 2 });
  });

  test("that comes twice, late or contradicted later does no harm", async () => {
    answer = (request, send) => {
      for (const content of [paid(), paid(), { error: { code: "OTHER" } }, "nonsense"]) {
        send(answerTo(request, content));
      }
    };
    expect(await pay()).toMatchObject({ outcome: "paid" });
    let late = () => {};
    answer = (request, send) => {
      late = () => send(answerTo(request, paid()));
    };
    expect(await pay(hasty)).toEqual({ outcome: "unknown", why: "wallet_silent" });
    late();
    expect(await pay(hasty)).toEqual({ outcome: "unknown", why: "wallet_silent" });
  });

  test.each([
    ["not JSON", "nonsense"],
    ["null", "null"],
    ["a number", "1"],
    ["a list", "[]"],
    ["empty", "{}"],
    ["without either", { result: null, error: null }],
    ["both", { result: {}, error: { code: "UNAUTHORIZED", message: WORDS } }],
    ["of another method", { result_type: "get_info", result: { preimage: PREIMAGE } }],
    ["a result that is text", { result: WORDS }],
    ["an error that is text", { error: WORDS }],
  ])("that is %s leaves it open", async (_, content) => {
    answer = (request, send) => send(answerTo(request, content));
    expect(await pay()).toEqual({ outcome: "unknown", why: "wallet_nonsense" });
  });

  test("that cannot be opened leaves it open", async () => {
    for (const content of ["", "x", "a?iv=b", "#", seal("x").slice(4)]) {
      answer = ({ id }, send) =>
        send(
          event(
            23195,
            [
              ["p", client],
              ["e", id],
            ],
            content,
          ),
        );
      expect(await pay()).toEqual({ outcome: "unknown", why: "wallet_nonsense" });
    }
  });

  test("in an error that NIP-47 does not know leaves it open and goes no further", async () => {
    for (const code of ["EXPIRED", "<script>", WORDS, 1, null, undefined]) {
      answer = (request, send) => send(answerTo(request, { error: { code, message: WORDS } }));
      expect(await pay()).toEqual({ outcome: "unknown", why: "wallet_other" });
    }
  });

  test("that it is paid holds without preimage and fees, and whatever they are instead", async () => {
    for (const result of [{}, { preimage: "", fees_paid: -1 }, { preimage: 1, fees_paid: 1.5 }]) {
      answer = (request, send) => send(answerTo(request, { result }));
      expect(await pay()).toEqual({ outcome: "paid", preimage: null, feesSats: null });
    }
  });

  test("of the budget that is odd, or does not come, leaves the rejection as it is", async () => {
    for (const budget of [null, {}, { total_budget: 1, renews_at: "x" }, { renews_at: 1e12 }]) {
      let asked = 0;
      answer = (request, send) => {
        if (asked++ === 0) send(answerTo(request, { error: { code: "QUOTA_EXCEEDED" } }));
        else if (budget !== null) send(answerTo(request, { result: budget }));
      };
      const rejected = { outcome: "rejected", code: "QUOTA_EXCEEDED", renewsAt: null } as const;
      expect(await pay(budget === null ? hasty : payer)).toEqual(rejected);
      expect(asked).toBe(2);
    }
  });

  test("that a relay has kept is taken, whatever becomes of the request that is sent again", async () => {
    const signed = await payer.sign(url, { bolt11: "lnbcrt1", expiresInSeconds: 60 }, never);
    stored = (send) => send(answerTo(signed.event, paid()));
    answer = () => {};
    expect(await payer.send(url, signed, never)).toMatchObject({ outcome: "paid" });
  });

  test("that a relay has kept is taken though the request has expired", async () => {
    const earlier = createPayer({ connect, timeoutMs: 4_000, now: () => Date.now() - 61_000 });
    const signed = await earlier.sign(url, { bolt11: "lnbcrt1", expiresInSeconds: 60 }, never);
    const late = { outcome: "unknown", why: "request_expired" } as const;
    expect(await payer.send(url, signed, never)).toEqual(late);
    stored = (send) => send(answerTo(signed.event, paid()));
    expect(await payer.send(url, signed, never)).toMatchObject({ outcome: "paid" });
    expect(requests()).toEqual([]);
  });
});

describe("a request", () => {
  test("is the same event every time, for the wallet alone, and expires", async () => {
    const signed = await payer.sign(url, { bolt11: "lnbcrt1", expiresInSeconds: 60 }, never);
    expect(requests()).toEqual([]);
    answer = () => {};
    await hasty.send(url, signed, never);
    answer = (request, send) => send(answerTo(request, paid()));
    await payer.send(url, signed, never);
    expect(requests()).toEqual([1, 2].map(() => ["EVENT", signed.event]));
    const { kind, tags, content, created_at } = signed.event;
    const key = nip44.getConversationKey(walletKey, client);
    expect(kind).toBe(23194);
    expect(tags).toEqual([
      ["p", wallet],
      ["encryption", "nip44_v2"],
      ["expiration", String(created_at + 60)],
    ]);
    expect(JSON.parse(nip44.decrypt(content, key))).toEqual({
      method: "pay_invoice",
      params: { invoice: "lnbcrt1" },
    });
  });

  test("is answered over whichever relay the wallet answers on", async () => {
    const deaf = startOddRelay(() => {});
    const both = `${url.reveal()}&relay=${encodeURIComponent(deaf.url)}`;
    url = new Secret(both);
    expect(await pay()).toMatchObject({ outcome: "paid" });
    await deaf.stop();
  });

  test("that the relay refuses, or may not listen for, is unknown, and at once", async () => {
    const signed = await payer.sign(url, { bolt11: "lnbcrt1", expiresInSeconds: 60 }, never);
    const unreachable = { outcome: "unknown", why: "wallet_unreachable" } as const;
    for (const refusing of ["REQ", "EVENT"]) {
      const refuser = startOddRelay(([type, subject], send) => {
        if (type === "REQ") send(type === refusing ? "CLOSED" : "EOSE", subject, "blocked: no");
        else if (type === "EVENT") send("OK", (subject as Event).id, false, "blocked: no");
      });
      const outcome = await payer.send(url, { ...signed, relays: [refuser.url] }, never);
      expect(outcome).toEqual(unreachable);
      await refuser.stop();
    }
  });

  test("that is aborted is unknown", async () => {
    const signed = await payer.sign(url, { bolt11: "lnbcrt1", expiresInSeconds: 60 }, never);
    const outcome = await payer.send(url, signed, AbortSignal.abort());
    expect(outcome).toEqual({ outcome: "unknown", why: "wallet_silent" });
    expect(requests()).toEqual([]);
  });

  test("leaves no connection open, whatever becomes of it", async () => {
    for (const answering of [answer, () => {}]) {
      answer = answering;
      await pay(hasty);
      const deadline = Date.now() + 500;
      while (relay.connections > 0 && Date.now() < deadline) await Bun.sleep(2);
      expect(relay.connections).toBe(0);
    }
  });
});

describe("an info event", () => {
  test("that is missing or forged leaves NIP-04 to be assumed, and get_info to be asked", async () => {
    const [genuine] = info;
    const methods = ["pay_invoice", "get_info"];
    answer = (request, send) => {
      const { method } = JSON.parse(nip04.decrypt(walletKey, client, request.content));
      const result = method === "get_info" ? { methods } : { preimage: PREIMAGE };
      const content = JSON.stringify({ result_type: method, error: null, result });
      const sealed = nip04.encrypt(walletKey, client, content);
      const tags = [
        ["p", client],
        ["e", request.id],
      ];
      send(event(23195, tags, sealed));
    };
    for (const events of [
      [],
      [{ ...(genuine as Event), content: "changed" }],
      [event(13194, [], "pay_invoice", generateSecretKey())],
    ]) {
      info = events;
      expect(await pay()).toMatchObject({ outcome: "paid" });
      expect(await payer.probe(url, never)).toMatchObject({ encryption: "nip04", methods });
    }
  });

  test("that is missing makes a wallet that does not answer unavailable, whatever its relay keeps", async () => {
    info = [];
    answer = () => {};
    const failure = { name: "Unavailable", code: "wallet_silent" };
    await expect(hasty.probe(url, never)).rejects.toMatchObject(failure);
  });

  test("that is missing: that the wallet wants NIP-44 breaks no connection, and is heeded", async () => {
    info = [];
    answer = (request, send) => {
      const isOld = request.content.includes("?iv=");
      const error = { code: "UNSUPPORTED_ENCRYPTION", message: "" };
      const result = { methods: ["pay_invoice"] };
      send(answerTo(request, isOld ? { error } : { result_type: "get_info", result }));
    };
    const why = "wallet_unsupported_encryption";
    expect(await pay()).toEqual({ outcome: "unknown", why });
    expect(await payer.probe(url, never)).toMatchObject({ methods: ["pay_invoice"] });
  });

  test("that offers no encryption we know refuses", async () => {
    info = [event(13194, [["encryption", "rot13"]], "pay_invoice")];
    const failure = { name: "Refused", code: "wallet_unsupported_encryption" };
    await expect(pay()).rejects.toMatchObject(failure);
    await expect(payer.probe(url, never)).rejects.toMatchObject(failure);
  });

  test("may separate its methods by commas", async () => {
    info = [event(13194, [["encryption", "nip44_v2"]], "pay_invoice,get_info, pay_invoice <b>")];
    answer = (request, send) => send(answerTo(request, { error: { code: "NOT_IMPLEMENTED" } }));
    const { methods } = await payer.probe(url, never);
    expect(methods).toEqual(["pay_invoice", "get_info"]);
  });
});

describe("a probe", () => {
  test("takes no more than it understands of what a wallet says", async () => {
    const methods = ["pay_invoice", 1, null, "<b>", "x".repeat(60), "get_budget", "get_balance"];
    const results = [
      { methods, network: "<script>" },
      { total_budget: 1_999, used_budget: 1_001, renews_at: -1, renewal_period: "a b" },
      { balance: 1_999 },
    ];
    answer = (request, send) => {
      const key = nip44.getConversationKey(walletKey, client);
      const { method } = JSON.parse(nip44.decrypt(request.content, key));
      const index = ["get_info", "get_budget", "get_balance"].indexOf(method);
      send(answerTo(request, { result_type: method, result: results[index] }));
    };
    expect(await payer.probe(url, never)).toEqual({
      methods: ["pay_invoice", "get_budget", "get_balance"],
      encryption: "nip44_v2",
      network: null,
      budget: { totalSats: 1, usedSats: 2, renewsAt: null, renewal: null },
      balanceSats: 1,
    });
  });

  test("of a wallet that fails is unavailable, by a code of NIP-47 only", async () => {
    info = [event(13194, [["encryption", "nip44_v2"]], "make_invoice")];
    for (const [code, expected] of [
      ["INTERNAL", "wallet_internal"],
      [WORDS, "wallet_other"],
    ]) {
      answer = (request, send) => send(answerTo(request, { error: { code, message: WORDS } }));
      const failure = await payer.probe(url, never).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "Unavailable", code: expected });
      expect(Bun.inspect(failure)).not.toContain(WORDS);
    }
  });

  test("goes by what is announced where get_info fails, or nobody answers it", async () => {
    info = [event(13194, [["encryption", "nip44_v2"]], "pay_invoice get_balance")];
    const key = nip44.getConversationKey(walletKey, client);
    const probed = { methods: ["pay_invoice", "get_balance"], balanceSats: 1 };
    for (const failing of [
      // ndk#158, nostr#888
      { result_type: "", error: { code: "INTERNAL", message: "Bad request" }, result: null },
      { error: { code: "NOT_IMPLEMENTED", message: "" } },
      { error: { code: "RESTRICTED", message: "" } },
      null,
    ]) {
      answer = (request, send) => {
        const { method } = JSON.parse(nip44.decrypt(request.content, key));
        if (method === "get_balance")
          send(answerTo(request, { result_type: method, result: { balance: 1_000 } }));
        else if (failing) send(answerTo(request, failing));
      };
      expect(await patient.probe(url, never)).toMatchObject(probed);
    }
  }, 15_000);

  test("of a wallet that answers nothing of what it announces is unavailable", async () => {
    info = [event(13194, [["encryption", "nip44_v2"]], "pay_invoice get_info")];
    answer = () => {};
    await expect(hasty.probe(url, never)).rejects.toMatchObject({ code: "wallet_silent" });
  });
});
