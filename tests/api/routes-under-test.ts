import type { Api } from "../../server/sandbox/api.ts";

export type Route = { method: string; path: string };
type Document = { openapi: string; paths: Record<string, Record<string, object>> };

/** Every route of the OpenAPI document, `{id}` as it stands there. */
export async function documentedRoutes(anonymous: Api): Promise<Route[]> {
  const { body } = await anonymous.get<Document>("/openapi.json");
  return Object.entries(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
  );
}
