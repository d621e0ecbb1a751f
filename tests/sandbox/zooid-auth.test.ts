import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Event } from "nostr-tools/core";
import { startZooid, type Zooid } from "../../server/sandbox/zooid/zooid.ts";
import { answerOf, manage, newKey, nowSeconds, signed, token, visit } from "./zooid-client.ts";

const admin = newKey();
const stranger = newKey();
let zooid: Zooid;

beforeAll(async () => {
  zooid = await startZooid({ whitelist: [admin.pubkey] });
});
afterAll(() => zooid.stop());

const PATH = "/relay/a";
const PASSES = 405;

function tags(u: string, method = "GET"): string[][] {
  return [
    ["u", u],
    ["method", method],
  ];
}

const right = (): string[][] => tags(zooid.url + PATH);

async function ask(
  authorization: string | null,
  headers: Record<string, string> = {},
  path = PATH,
): Promise<[number, string]> {
  const auth = authorization === null ? {} : { Authorization: authorization };
  const response = await fetch(zooid.url + path, { headers: { ...headers, ...auth } });
  const body = (await response.json()) as { error: string };
  return [response.status, body.error];
}

/** GET /relay/a with an event that is right except for `part`. */
async function askWith(
  part: Partial<Event>,
  headers: Record<string, string> = {},
  path = PATH,
): Promise<[number, string]> {
  const { kind = 27235, ...rest } = part;
  return await ask(token(signed(admin, kind, { tags: right(), ...rest })), headers, path);
}

const httpsTags = (): string[][] => tags((zooid.url + PATH).replace("http:", "https:"));

describe("dispatch", () => {
  test("an unknown host gets a plain 404 without CORS headers", async () => {
    const response = await visit(zooid, "nope.test", { headers: { Origin: "https://x.test" } });
    expect(response.status).toBe(404);
    expect(await response.text()).toBe("Not Found\n");
    expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(response.headers.has("access-control-allow-origin")).toBe(false);
  });

  test("the API answers only to its exact host, port included", async () => {
    expect((await visit(zooid, "127.0.0.1")).status).toBe(404);
    expect((await visit(zooid, `localhost:${zooid.port}`)).status).toBe(404);
  });

  test("errors are JSON with a trailing newline", async () => {
    const response = await fetch(zooid.url);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.text()).toBe('{"error":"missing authorization header"}\n');
  });

  test("an empty whitelist switches the API off", async () => {
    const off = await startZooid({ whitelist: [] });
    const response = await manage(off, admin, "GET", PATH);
    expect(response.status).toBe(404);
    expect(await response.text()).toBe("Not Found\n");
    await off.stop();
  });
});

describe("the form of the authorization", () => {
  test("no header is refused on every path and method, without CORS headers", async () => {
    const preflight = await fetch(zooid.url + PATH, {
      method: "OPTIONS",
      headers: { Origin: "https://x.test", "Access-Control-Request-Method": "POST" },
    });
    expect(preflight.status).toBe(401);
    expect(preflight.headers.has("access-control-allow-origin")).toBe(false);
    expect(await ask(null, {}, "/unknown")).toEqual([401, "missing authorization header"]);
  });

  test.each(["Bearer x", "Nostr", "Nostr "])("%p is no Nostr authorization", async (header) => {
    expect(await ask(header)).toEqual([401, "invalid authorization header format"]);
  });

  test("base64 needs the standard alphabet and its padding", async () => {
    const padded = token(signed(admin, 27235, { content: "", tags: right() })).trim();
    const text = Buffer.from("{}").toString("base64");
    for (const header of ["Nostr !!!", `Nostr ${text.replaceAll("=", "")}`, `${padded}-_`]) {
      const [status, error] = await ask(header);
      expect(status).toBe(401);
      expect(error).toStartWith("invalid base64 encoding: illegal base64 data at input byte ");
    }
  });

  test.each(["nope", "[]", '"x"', "null", '{"kind":"1"}'])("%s is no event", async (text) => {
    const [status, error] = await ask(token(text));
    expect(status).toBe(401);
    expect(error).toStartWith("invalid event json:");
  });

  test("the scheme word may be lower case", async () => {
    const header = token(signed(admin, 27235, { tags: right() })).replace("Nostr", "nostr");
    expect((await ask(header))[0]).toBe(PASSES);
  });
});

describe("the event of the authorization", () => {
  test("another kind is refused", async () => {
    expect(await askWith({ kind: 1 })).toEqual([401, "invalid event kind: expected 27235, got 1"]);
  });

  test("a signature that does not cover the fields is refused", async () => {
    const event = signed(admin, 27235, { tags: right() });
    for (const forged of [
      { ...event, sig: "0".repeat(128) },
      { ...event, content: "changed" },
      { ...event, pubkey: stranger.pubkey },
      { ...event, tags: [...event.tags, ["x", "y"]] },
    ]) {
      expect(await ask(token(forged))).toEqual([401, "invalid event signature"]);
    }
    expect(await ask(token('{"kind":27235}'))).toEqual([401, "invalid event signature"]);
  });

  test("a wrong id passes, as it is not compared", async () => {
    const event = signed(admin, 27235, { tags: right() });
    expect((await ask(token({ ...event, id: "0".repeat(64) })))[0]).toBe(PASSES);
  });

  test("neither created_at nor payload is checked", async () => {
    const year = 365 * 86_400;
    for (const created_at of [nowSeconds() - 3 * year, nowSeconds() + 70 * year]) {
      expect((await askWith({ created_at }))[0]).toBe(PASSES);
    }
    expect((await askWith({ tags: [...right(), ["payload", "00"]] }))[0]).toBe(PASSES);
  });

  test("a token is accepted again", async () => {
    const header = token(signed(admin, 27235, { tags: right() }));
    expect((await ask(header))[0]).toBe(PASSES);
    expect((await ask(header))[0]).toBe(PASSES);
  });
});

describe("the u tag", () => {
  const wrong: [number, string] = [401, "event missing or invalid u tag"];

  test("its scheme is https only if X-Forwarded-Proto is exactly https", async () => {
    expect(await askWith({ tags: httpsTags() })).toEqual(wrong);
    const forwarded = { "X-Forwarded-Proto": "https" };
    expect((await askWith({ tags: httpsTags() }, forwarded))[0]).toBe(PASSES);
    expect(await askWith({}, forwarded)).toEqual(wrong);
    for (const proto of ["HTTPS", "https,http"]) {
      expect(await askWith({ tags: httpsTags() }, { "X-Forwarded-Proto": proto })).toEqual(wrong);
    }
  });

  test("X-Forwarded-Host is ignored", async () => {
    expect((await askWith({}, { "X-Forwarded-Host": "other.test" }))[0]).toBe(PASSES);
  });

  test("a trailing slash counts", async () => {
    const withSlash = tags(`${zooid.url}${PATH}/`);
    expect(await askWith({ tags: withSlash })).toEqual(wrong);
    expect((await askWith({ tags: withSlash }, {}, `${PATH}/`))[0]).toBe(PASSES);
    expect(zooid.requests.at(-1)?.id).toBe("a");
  });

  test("the query is ignored and must not be in it", async () => {
    expect((await askWith({}, {}, `${PATH}?x=1`))[0]).toBe(PASSES);
    const withQuery = tags(`${zooid.url}${PATH}?x=1`);
    expect(await askWith({ tags: withQuery }, {}, `${PATH}?x=1`)).toEqual(wrong);
  });

  test("any u tag may be the right one; none is refused", async () => {
    const two = [["u", "http://other.test/"], ...right()];
    expect((await askWith({ tags: two }))[0]).toBe(PASSES);
    expect(await askWith({ tags: [["method", "GET"]] })).toEqual(wrong);
  });
});

describe("the method tag", () => {
  test("it may be lower case", async () => {
    expect((await askWith({ tags: tags(zooid.url + PATH, "get") }))[0]).toBe(PASSES);
  });

  test("another method or none is refused", async () => {
    const wrong: [number, string] = [401, "event missing or invalid method tag"];
    expect(await askWith({ tags: tags(zooid.url + PATH, "POST") })).toEqual(wrong);
    expect(await askWith({ tags: [["u", zooid.url + PATH]] })).toEqual(wrong);
  });
});

describe("the whitelist", () => {
  test("a key that is not on it is refused", async () => {
    const response = await manage(zooid, stranger, "GET", PATH);
    expect(await answerOf(response)).toEqual([403, { error: "pubkey not in whitelist" }]);
  });

  test("an entry in upper case matches nobody", async () => {
    const upper = await startZooid({ whitelist: [admin.pubkey.toUpperCase()] });
    expect((await manage(upper, admin, "GET", PATH)).status).toBe(403);
    await upper.stop();
  });
});

describe("paths and methods", () => {
  test.each([
    ["GET", "/"],
    ["GET", "/relay"],
    ["POST", "/foo/x"],
  ])("%s %s is not found", async (method, path) => {
    const response = await manage(zooid, admin, method, path);
    expect(await answerOf(response)).toEqual([404, { error: "not found" }]);
  });

  test("an empty id is refused", async () => {
    const response = await manage(zooid, admin, "POST", "/relay/");
    expect(await answerOf(response)).toEqual([400, { error: "relay id is required" }]);
  });

  test.each(["GET", "OPTIONS"])("%s of a relay is not allowed", async (method) => {
    const response = await manage(zooid, admin, method, "/relay/a");
    expect(await answerOf(response)).toEqual([405, { error: "method not allowed" }]);
  });

  test("HEAD of a relay is not allowed either, and has no body", async () => {
    const response = await manage(zooid, admin, "HEAD", "/relay/a");
    expect(response.status).toBe(405);
    expect(await response.text()).toBe("");
  });

  test("there is no member list", async () => {
    expect((await manage(zooid, admin, "GET", "/relay/a/members")).status).toBe(405);
  });

  test("segments after the id are ignored", async () => {
    const response = await manage(zooid, admin, "PATCH", "/relay/a/whatever/else", {});
    expect(await answerOf(response)).toEqual([404, { error: "relay not found" }]);
    expect(zooid.requests.at(-1)).toMatchObject({ method: "PATCH", id: "a", status: 404 });
  });

  test("a path that cannot be decoded is a bad request", async () => {
    const response = await fetch(`${zooid.url}/relay/%zz`);
    expect(response.status).toBe(400);
  });
});
