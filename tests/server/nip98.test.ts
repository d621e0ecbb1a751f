import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { finalizeEvent, generateSecretKey, getPublicKey, verifyEvent } from "nostr-tools/pure";
import { AppError } from "../../server/errors.ts";
import { signHttpAuth } from "../../server/nostr/keys.ts";
import { type AuthRequest, createNip98, type Nip98 } from "../../server/nostr/nip98.ts";
import type { Schnorr } from "../../server/nostr/schnorr.ts";
import { openSeenIds } from "../../server/nostr/seen-ids.ts";
import { tinySecp256k1 } from "../../server/nostr/tiny-secp256k1.ts";
import { nobleCurves } from "../vectors/noble-curves.ts";
import { mutations } from "./nip98-mutations.ts";
import {
  type Honest,
  honest,
  honestHeader,
  nowSeconds,
  publicUrl,
  sha256,
  sign,
  toHeader,
} from "./nip98-requests.ts";

const seed = Number(process.env.SEED ?? randomBytes(4).readInt32BE());
console.log(`nip98: seed ${seed}`);

const now = () => nowSeconds * 1000;
const verifier = tinySecp256k1;
const newNip98 = (url = publicUrl, by: Pick<Schnorr, "verify"> = verifier) =>
  createNip98({ publicUrl: url, verifier: by, seen: openSeenIds(":memory:", { now }), now });

const verify = (nip98: Nip98, request: AuthRequest): string =>
  nip98.prove(nip98.read(request), request.body);

/** `accepted`, or the code of the refusal; anything but a 401 AppError fails the test. */
function answer(nip98: Nip98, request: AuthRequest): string {
  try {
    verify(nip98, request);
    return "accepted";
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.status).toBe(401);
    return error.code;
  }
}

const secretKey = generateSecretKey();
const pubkey = getPublicKey(secretKey);
const signFor = (url: string, options: { method?: string; tags?: string[][] } = {}) =>
  sign(
    {
      kind: 27235,
      created_at: nowSeconds,
      tags: [["u", url], ["method", options.method ?? "GET"], ...(options.tags ?? [])],
      content: "",
    },
    secretKey,
  );
const get = (target: string, authorization: string | null): AuthRequest => ({
  method: "GET",
  target,
  authorization,
  body: null,
});

test(`of ${Object.keys(mutations).length} kinds of mutation none is accepted, the honest request once`, () => {
  const nip98 = newNip98();
  const runsOfEach = 11;
  let refused = 0;
  let accepted = 0;
  for (const [index, [name, { code, apply }]] of Object.entries(mutations).entries()) {
    for (const base of fc.sample(honest, { seed: seed + index, numRuns: runsOfEach })) {
      const mutated = apply(base);
      expect(`${name}: ${answer(nip98, mutated)}`).toBe(`${name}: ${code}`);
      refused += 1;
      // The attempt has not used up the honest event, which in turn passes only once.
      const unmutated = { ...base.request, authorization: honestHeader(base) };
      expect(verify(nip98, unmutated)).toBe(getPublicKey(base.secretKey));
      expect(answer(nip98, unmutated)).toBe("auth_replayed");
      accepted += 1;
    }
  }
  console.log(`nip98: ${refused} mutated headers refused, ${accepted} honest ones accepted`);
  expect(refused).toBeGreaterThanOrEqual(1000);
}, 60_000);

test("an event used before is refused in whatever encoding and with whatever signature it returns", () => {
  const nip98 = newNip98();
  const event = signFor(`${publicUrl}/tenant`);
  expect(verify(nip98, get("/tenant", toHeader(event)))).toBe(pubkey);
  const { sig, ...rest } = event;
  const { created_at, kind, tags, content } = event;
  const signedAgain = sign({ created_at, kind, tags, content }, secretKey);
  expect(signedAgain.sig).not.toBe(sig);
  for (const copy of [{ sig, ...rest }, { ...event, extra: 1 }, signedAgain]) {
    expect(answer(nip98, get("/tenant", toHeader(copy)))).toBe("auth_replayed");
  }
});

test("a tampered copy carries nostr-tools' mark of a verified event and is refused all the same", () => {
  const verified = finalizeEvent(
    {
      kind: 27235,
      created_at: nowSeconds,
      tags: [
        ["u", `${publicUrl}/tenant`],
        ["method", "GET"],
      ],
      content: "",
    },
    secretKey,
  );
  const copy = {
    ...verified,
    tags: [
      ["u", `${publicUrl}/admin/tenants`],
      ["method", "GET"],
    ],
  };
  expect(verifyEvent(copy)).toBe(true);
  expect(answer(newNip98(), get("/admin/tenants", toHeader(copy)))).toBe("auth_signature");
});

test("WebAssembly and JavaScript answer alike", () => {
  const ours = newNip98();
  const theirs = newNip98(publicUrl, nobleCurves);
  const bases = fc.sample(honest, { seed, numRuns: Object.keys(mutations).length });
  for (const [index, { apply }] of Object.values(mutations).entries()) {
    const base = bases[index] as Honest;
    for (const request of [apply(base), { ...base.request, authorization: honestHeader(base) }]) {
      expect(answer(theirs, request)).toBe(answer(ours, request));
    }
  }
});

test("dates up to 60 s off are accepted in both directions", () => {
  const nip98 = newNip98();
  for (const created_at of [nowSeconds - 60, nowSeconds, nowSeconds + 60]) {
    const { kind, tags, content } = signFor(`${publicUrl}/tenant`);
    const event = sign({ kind, tags, content, created_at }, secretKey);
    expect(answer(nip98, get("/tenant", toHeader(event)))).toBe("accepted");
  }
});

test("scheme in any case, no padding, lower-case method and unknown tags are accepted", () => {
  const nip98 = newNip98();
  for (const scheme of ["nostr", "NOSTR", "Nostr", "Nostr  "]) {
    for (const padding of ["", "=", "=="]) {
      // Content lengthens the JSON until its base64 needs that padding.
      for (let content = ""; ; content += "x") {
        const template = {
          ...signFor(`${publicUrl}/tenant`, { method: "get", tags: [["nonce", scheme + padding]] }),
          content,
        };
        const token = toHeader(sign(template, secretKey)).slice("Nostr ".length);
        if ((/=*$/.exec(token)?.[0] ?? "") !== padding) continue;
        const authorization = `${scheme} ${token.replace(/=+$/, "")}`;
        expect(answer(nip98, get("/tenant", authorization))).toBe("accepted");
        break;
      }
    }
  }
});

test("URLs that a URL parser holds for the same are the same", () => {
  for (const [url, signed, target] of [
    [publicUrl, "HTTPS://Berth.Example/tenant", "/tenant"],
    [publicUrl, "https://berth.example:443/tenant", "/tenant"],
    ["https://BERTH.example:443/", "https://berth.example/tenant", "/tenant"],
    ["http://127.0.0.1:3000", "http://127.0.0.1:3000/tenant?q=it's", "/tenant?q=it%27s"],
    [publicUrl, "https://berth.example/tenant?q=a b", "/tenant?q=a%20b"],
    [publicUrl, "https://berth.example/tenant?q=ü", "/tenant?q=%C3%BC"],
    [publicUrl, "https://berth.example", "/"],
  ] as const) {
    expect(`${signed}: ${answer(newNip98(url), get(target, toHeader(signFor(signed))))}`).toBe(
      `${signed}: accepted`,
    );
  }
});

test("URLs that differ are not the same, also where the public URL has a port", () => {
  for (const signed of [
    "http://127.0.0.1/tenant",
    "http://127.0.0.1:80/tenant",
    "http://localhost:3000/tenant",
    "http://127.1:3000/tenant",
    "http:/127.0.0.1:3000/tenant",
    "http:////127.0.0.1:3000/tenant",
    "http://127.0.0.1:3000@evil.example/tenant",
    "https://127.0.0.1:3000/tenant",
    "ws://127.0.0.1:3000/tenant",
  ]) {
    const nip98 = newNip98("http://127.0.0.1:3000");
    expect(answer(nip98, get("/tenant", toHeader(signFor(signed))))).toBe("auth_url");
  }
});

test("a payload on an empty body must be the hash of nothing", () => {
  const nip98 = newNip98();
  for (const body of [null, new Uint8Array()]) {
    const tags = [
      ["payload", sha256("")],
      ["nonce", body === null ? "null" : "empty"],
    ];
    const authorization = toHeader(signFor(`${publicUrl}/tenant`, { tags }));
    expect(answer(nip98, { ...get("/tenant", authorization), body })).toBe("accepted");
    const wrong = toHeader(signFor(`${publicUrl}/tenant`, { tags: [["payload", sha256("{}")]] }));
    expect(answer(nip98, { ...get("/tenant", wrong), body })).toBe("auth_payload");
  }
});

test("the payload is of the raw bytes: another spelling of the same JSON is refused", () => {
  const nip98 = newNip98();
  const tags = [["payload", sha256('{"name":"a"}')]];
  const authorization = toHeader(signFor(`${publicUrl}/tenant/relays`, { method: "POST", tags }));
  const post = (text: string) => ({
    method: "POST",
    target: "/tenant/relays",
    authorization,
    body: new TextEncoder().encode(text),
  });
  expect(answer(nip98, post('{"name": "a"}'))).toBe("auth_payload");
  expect(answer(nip98, post('{"name":"a"}'))).toBe("accepted");
});

test("an event from before a boot that cut the store off is refused with a code of its own", () => {
  const folder = mkdtempSync(join(tmpdir(), "berth-nip98-"));
  const [path, found] = [join(folder, "seen.db"), join(folder, "found.db")];
  const cutOff = openSeenIds(path, { now, bootId: "boot-1" });
  copyFileSync(path, found);
  copyFileSync(`${path}-wal`, `${found}-wal`);
  cutOff.close();
  const bootedAtMs = now() - 50_000;
  const seen = openSeenIds(found, { now, bootId: "boot-2", bootedAtMs });
  const nip98 = createNip98({ publicUrl, verifier, seen, now });
  const signAt = (created_at: number) => {
    const { kind, tags, content } = signFor(`${publicUrl}/tenant`);
    return get("/tenant", toHeader(sign({ kind, tags, content, created_at }, secretKey)));
  };
  expect(answer(nip98, signAt(nowSeconds + 9))).toBe("auth_before_boot");
  expect(answer(nip98, signAt(nowSeconds + 10))).toBe("accepted");
  seen.close();
  rmSync(folder, { recursive: true });
});

test("headers of our own client are accepted, each once, also two in one second", () => {
  const seen = openSeenIds(":memory:");
  const nip98 = createNip98({ publicUrl, verifier, seen });
  const body = new TextEncoder().encode('{"name":"ü"}');
  const url = `${publicUrl}/tenant/relays`;
  for (let index = 0; index < 3; index += 1) {
    const posted = { method: "POST", target: "/tenant/relays", body };
    const authorization = signHttpAuth(secretKey, { url, method: "POST", body });
    expect(verify(nip98, { ...posted, authorization })).toBe(pubkey);
    const asText = signHttpAuth(secretKey, { url, method: "POST", body: '{"name":"ü"}' });
    expect(verify(nip98, { ...posted, authorization: asText })).toBe(pubkey);
    const read = signHttpAuth(secretKey, { url, method: "GET" });
    expect(verify(nip98, get("/tenant/relays", read))).toBe(pubkey);
  }
});

test("whatever a header holds, the answer is a 401", () => {
  const nip98 = newNip98();
  const event = signFor(`${publicUrl}/tenant`);
  const fieldsOfAnyType = fc
    .dictionary(fc.constantFrom(...Object.keys(event)), fc.jsonValue())
    .map((fields) => toHeader({ ...event, ...fields, kind: 1 }));
  const anyBytes = fc
    .uint8Array({ maxLength: 400 })
    .map((bytes) => `Nostr ${Buffer.from(bytes).toString("base64")}`);
  const header = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }),
    fc.jsonValue().map(toHeader),
    fieldsOfAnyType,
    anyBytes,
    fc.constantFrom(
      toHeader(JSON.parse(`${"[".repeat(2900)}${"]".repeat(2900)}`)),
      toHeader({ ...event, tags: Array(500).fill(["u"]) }),
      `Nostr ${"A".repeat(100_000)}`,
      `Nostr${" ".repeat(8000)}`,
      toHeader({ ...event, content: "\ud800" }),
    ),
  );
  fc.assert(
    fc.property(header, fc.string({ unit: "binary" }), (authorization, target) => {
      expect(answer(nip98, get(target, authorization))).toStartWith("auth_");
    }),
    { seed, numRuns: 2000 },
  );
});
