import type { OpenApi } from "../../server/routes/openapi.ts";
import { codesIn } from "../../server/routes/openapi-refusals.ts";
import type { Answer, Api } from "../../server/sandbox/api.ts";

/** The same client, whose answers must be such as the documentation of their route names. */
export function documented(api: Api, document: () => OpenApi): Api {
  async function checked<T>(
    method: string,
    path: string,
    answer: Promise<Answer<T>>,
  ): Promise<Answer<T>> {
    assertDocumented(document(), method, path, await answer);
    return answer;
  }
  return {
    ...api,
    get: <T>(path: string, headers?: Record<string, string>) =>
      checked("get", path, api.get<T>(path, headers)),
    post: <T>(path: string, body?: unknown, headers?: Record<string, string>) =>
      checked("post", path, api.post<T>(path, body, headers)),
    put: <T>(path: string, body: unknown) => checked("put", path, api.put<T>(path, body)),
    delete: <T>(path: string) => checked("delete", path, api.delete<T>(path)),
  };
}

/** @throws Error naming a status, or a problem's code, that the route does not document. */
export function assertDocumented(
  { paths }: OpenApi,
  method: string,
  path: string,
  { status, body }: Answer<unknown>,
): void {
  const [pathname = ""] = path.split(/[?#]/);
  const template = Object.keys(paths)
    .filter((each) => new RegExp(`^${each.replace(/\{\w+\}/g, "[^/]+")}$`).test(pathname))
    // Of several the one with fewer parameters is meant.
    .sort((a, b) => a.split("{").length - b.split("{").length)[0];
  const operation = template === undefined ? undefined : paths[template]?.[method];
  // What is no route at all answers 401 or 404, and is not documented.
  if (!operation) return;
  const response = operation.responses[status];
  const where = `${method.toUpperCase()} ${template}`;
  if (!response) throw new Error(`${where} answers ${status}, which is not documented`);
  // What can be wrong with a signature is listed once, with the scheme.
  if (status < 400 || status === 401) return;
  const { code } = body as { code: string };
  if (!codesIn(response.description).includes(code))
    throw new Error(`${where} answers ${status} \`${code}\`, which is not documented`);
}
