import { expect, test } from "bun:test";
import { Elysia, t } from "elysia";
import { openApiDocument } from "../../server/routes/openapi.ts";
import { problem, refusal } from "../../server/routes/shapes.ts";
import { assertDocumented } from "./documented.ts";

const app = new Elysia().model({ Problem: problem }).post("/things/:id", () => ({ ok: true }), {
  params: t.Object({ id: t.String() }),
  response: { 200: t.Object({ ok: t.Boolean() }), 409: refusal("thing_taken") },
});
const document = openApiDocument(app);
const answer = (status: number, code = "") => ({ status, body: { code }, headers: new Headers() });
const check = (status: number, code?: string) => () =>
  assertDocumented(document, "post", "/things/x?y=z", answer(status, code));

test("what a route documents, and what any route may answer, is taken", () => {
  for (const [status, code] of [
    [200, undefined],
    [409, "thing_taken"],
    [400, "malformed"],
    [413, "too_large"],
    [415, "not_json"],
    [422, "invalid"],
    [429, "rate_limited"],
    [500, "internal"],
  ] as const)
    expect(check(status, code)).not.toThrow();
});

test("a status or a code that a route does not document fails", () => {
  expect(check(201)).toThrow("POST /things/{id} answers 201, which is not documented");
  expect(check(404, "thing_not_found")).toThrow("answers 404, which is not documented");
  expect(check(409, "thing_gone")).toThrow("answers 409 `thing_gone`, which is not documented");
  // No signature is asked for, so none can be wrong.
  expect(check(401, "auth_missing")).toThrow("answers 401, which is not documented");
});
